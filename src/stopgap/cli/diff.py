"""stopgap diff: what a deploy would change."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import RenderableType
from rich.text import Text

from stopgap import Client, Diff, FunctionDiff
from stopgap.cli.options import (
    DbOption,
    EnvOption,
    FromSchemaOption,
    Output,
    OutputOption,
)
from stopgap.cli.render import print_human, print_json, source_diff
from stopgap.cli.session import open_client

DIFFERENCES = 3
_STYLES = {"added": "green", "changed": "yellow", "removed": "red"}


def diff(
    from_schema: FromSchemaOption,
    db: DbOption = None,
    env: EnvOption = "prod",
    exit_code: Annotated[
        bool,
        typer.Option("--exit-code", help=f"Exit {DIFFERENCES} on any difference."),
    ] = False,
    output: OutputOption = Output.HUMAN,
) -> None:
    """Compare a schema with what an environment runs.

    Nothing is changed. Shows the TypeScript of both where a function differs.
    """
    is_json = output is Output.JSON
    with open_client(db, quiet=is_json) as client:
        found = client.diff(env, from_schema=from_schema)
        if is_json:
            print_json(
                {
                    "command": "diff",
                    "env": env,
                    "from_schema": from_schema,
                    "diff": found.raw,
                }
            )
        else:
            print_human(*_human(client, found))
    if exit_code and found.has_changes:
        raise typer.Exit(DIFFERENCES)


def _human(client: Client, found: Diff) -> list[RenderableType]:
    counts = (
        f"{found.added} added, {found.changed} changed, "
        f"{found.removed} removed, {found.unchanged} unchanged"
    )
    parts: list[RenderableType] = [
        f"{found.source_schema} against {found.env}: {counts}"
    ]
    sources = _sources(client, found)
    for each in found.functions:
        if each.change == "unchanged":
            continue
        parts += ["", _title(each)]
        before = sources.get(each.active_artifact_hash or "")
        after = sources.get(each.candidate_artifact_hash or "")
        if before is not None and after is not None and before != after:
            parts.append(source_diff(each.fn_name, before, after))
    return parts


def _title(found: FunctionDiff) -> Text:
    title = Text.assemble(
        (found.change, _STYLES.get(found.change, "")), " ", (found.fn_name, "bold")
    )
    if found.changed_attributes:
        title.append(f" ({', '.join(found.changed_attributes)})")
    return title


def _sources(client: Client, found: Diff) -> dict[str, str]:
    """Return the TypeScript of both sides of the changed functions, by hash."""
    changed = [each for each in found.functions if each.change == "changed"]
    hashes = {
        hash_
        for each in changed
        for hash_ in (each.active_artifact_hash, each.candidate_artifact_hash)
        if hash_ is not None
    }
    sources = client.artifact_sources(hashes) if hashes else {}
    if hashes - sources.keys():
        # A candidate that was never compiled has no artifact: its schema has its text.
        written = client.function_sources(found.source_schema)
        for each in changed:
            if each.candidate_artifact_hash and each.fn_name in written:
                sources.setdefault(each.candidate_artifact_hash, written[each.fn_name])
    return sources
