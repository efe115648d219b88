"""stopgap up: start the local server."""

from __future__ import annotations

from typing import Annotated

import typer

from stopgap.cli.options import DirOption, Output, OutputOption
from stopgap.cli.place import place_options, remember_folder
from stopgap.cli.render import facts, print_human, print_json, print_talk
from stopgap.server import LocalServer


def up(
    directory: DirOption = None,
    port: Annotated[
        int | None,
        typer.Option(
            "--port",
            metavar="PORT",
            min=1,
            max=65535,
            help="TCP port.  [default: the last one, or a free one]",
            show_default=False,
        ),
    ] = None,
    preload: Annotated[
        bool,
        typer.Option(
            "--preload/--no-preload", help="Load plts when the server starts."
        ),
    ] = True,
    trust: Annotated[
        bool,
        typer.Option(
            "--trust",
            help="Take over the files of a server that this account has not made here.",
        ),
    ] = False,
    output: OutputOption = Output.HUMAN,
) -> None:
    """Start the local server.

    It runs the machine's own PostgreSQL programs from a private tree with both
    extensions, made at the first start, and has a database `stopgap`. Where it runs
    already, it is found.
    """
    is_json = output is Output.JSON
    remember_folder(directory)
    server = LocalServer.nearest(directory)
    running = server.up(
        port=port,
        preload=preload,
        trust=trust,
        progress=(lambda step: None) if is_json else print_talk,
    )
    if is_json:
        print_json(
            {
                "command": "up",
                "dsn": running.dsn,
                "dir": str(running.dir),
                "port": running.port,
                "pid": running.pid,
            }
        )
        return
    print_human(
        "The server runs" if running.started else "The server was running already",
        facts(
            [
                ("dsn", running.dsn),
                ("dir", running.dir),
                ("port", running.port),
                ("pid", running.pid),
            ]
        ),
        f"To stop it: stopgap down{place_options()}",
    )
