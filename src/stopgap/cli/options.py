"""The options that several verbs share, and where their values come from."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


def check_bigint(value: int | None) -> int | None:
    """Refuse a number that no id of the database can be."""
    if value is not None and not -(2**63) <= value < 2**63:
        raise typer.BadParameter("it is out of range")
    return value


class Output(StrEnum):
    """For whom the output is."""

    HUMAN = "human"
    JSON = "json"


OUTPUT_VARIABLE = "STOPGAP_OUTPUT"

OutputOption = Annotated[
    Output,
    typer.Option(
        "--output",
        envvar=OUTPUT_VARIABLE,
        metavar="human|json",
        help="Tables for people, or JSON with a stable form for programs.",
    ),
]
AnyEnvOption = Annotated[
    str | None,
    typer.Option(
        "--env",
        metavar="ENV",
        help="Environment.  [default: all of them]",
        show_default=False,
    ),
]
DbOption = Annotated[
    str | None,
    typer.Option(
        "--db",
        metavar="DSN",
        help="Connection string of the database."
        "  [default: the environment's, else the local server]",
        show_default=False,
    ),
]
EnvOption = Annotated[
    str, typer.Option("--env", envvar="STOPGAP_ENV", metavar="ENV", help="Environment.")
]
FromSchemaOption = Annotated[
    str,
    typer.Option(
        "--from-schema",
        metavar="SCHEMA",
        help="Schema that the functions are written in.",
    ),
]
PruneOption = Annotated[
    bool | None,
    typer.Option(
        "--prune/--no-prune",
        help="Drop live functions that the schema no longer has."
        "  [default: the setting stopgap.prune]",
        show_default=False,
    ),
]
LabelOption = Annotated[
    str | None,
    typer.Option("--label", metavar="LABEL", help="A name for people to know it by."),
]
IfChangedOption = Annotated[
    bool, typer.Option("--if-changed", help="Make no deployment if nothing changed.")
]
AllowEmptyOption = Annotated[
    bool,
    typer.Option(
        "--allow-empty",
        help="Go on where nothing is deployed, or all that is live is dropped.",
    ),
]
DirOption = Annotated[
    Path | None,
    typer.Option(
        "--dir",
        metavar="DIR",
        help="Folder of the local server.  [default: the nearest .stopgap]",
        show_default=False,
    ),
]
