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
    resolve_dsn,
)
from stopgap.errors import ServerError, UsageError
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
    """Open psql on the database, by default the local server's.

    With --output json, errors of this command are JSON; psql writes what it writes.
    """
    # A folder is always named for this command; a database may be for every command.
    is_local = db is None or directory is not None
    program, dsn = _local(directory) if is_local else (_installed(), resolve_dsn(db))
    os.execv(program, [program, f"--dbname={dsn}", *(arguments or [])])


def _local(directory: DirOption) -> tuple[str, str]:
    server = LocalServer.nearest(directory)
    running = server.find()
    if running is None:
        raise UsageError(
            "no database given, and no local server runs here",
            hint="give --db, set STOPGAP_DB, or run `stopgap up`",
        )
    return server.psql(), running.dsn


def _installed() -> str:
    program = shutil.which("psql")
    if program is None:
        raise ServerError("psql is not installed", hint="apt install postgresql-client")
    return program
