"""stopgap demo: show the main job on the example shop."""

from __future__ import annotations

from stopgap.cli.demo_scenario import DATABASE, perform
from stopgap.cli.options import DirOption, Output, OutputOption
from stopgap.cli.place import remember_folder
from stopgap.cli.render import print_json


def demo(directory: DirOption = None, output: OutputOption = Output.HUMAN) -> None:
    """Show the main job on the example shop: deploy, call, change, compare, roll back.

    Starts the local server, and makes the database stopgap_demo anew. Each command is
    printed as it can be typed, and each answer is checked.
    """
    is_json = output is Output.JSON
    remember_folder(directory)
    stage = perform(server=directory, silent=is_json)
    if is_json:
        print_json(
            {
                "command": "demo",
                "database": DATABASE,
                "dsn": stage.environment["STOPGAP_DB"],
                "steps": [
                    {"part": step.part, "command": step.command, "output": step.output}
                    for step in stage.steps
                ],
            }
        )
