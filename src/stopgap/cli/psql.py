"""stopgap psql: open psql on the database."""

from __future__ import annotations

import os
import shutil
from typing import Annotated

import typer

from stopgap.cli.options import (
    DbOption,
    DirOption,
    Output,
    OutputOption,
)
from stopgap.cli.place import find_place
from stopgap.errors import ServerError
from stopgap.server import LocalServer


def psql(
    arguments: Annotated[
        list[str] | None,
        typer.Argument(help="Options of psql, after `--`.", show_default=False),
    ] = None,
    db: DbOption = None,
    directory: DirOption = None,
    output: OutputOption = Output.HUMAN,
) -> None:
    """Open psql on the database, that of every other command.

    With --output json, errors of this command are JSON; psql writes what it writes.
    """
    place = find_place(db, directory)
    program = LocalServer.nearest(directory).psql() if place.is_local else _installed()
    named = [f"--dbname={place.dsn}"] if place.dsn else []
    os.execv(program, [program, *named, *(arguments or [])])


def _installed() -> str:
    program = shutil.which("psql")
    if program is None:
        raise ServerError("psql is not installed", hint="apt install postgresql-client")
    return program
