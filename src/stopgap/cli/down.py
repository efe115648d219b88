"""stopgap down: stop the local server."""

from __future__ import annotations

from stopgap.cli.options import DirOption, Output, OutputOption
from stopgap.cli.place import place_options, remember_folder
from stopgap.cli.render import print_human, print_json
from stopgap.server import LocalServer


def down(directory: DirOption = None, output: OutputOption = Output.HUMAN) -> None:
    """Stop the local server; its data stay."""
    remember_folder(directory)
    server = LocalServer.nearest(directory)
    pid = server.down()
    if output is Output.JSON:
        print_json(
            {
                "command": "down",
                "dir": str(server.folder),
                "pid": pid,
                "stopped": pid is not None,
            }
        )
    elif pid is None:
        print_human(f"No server runs in {server.folder}")
    else:
        print_human(
            "Stopped the server; its data stay",
            f"To go on: stopgap up{place_options()}",
        )
