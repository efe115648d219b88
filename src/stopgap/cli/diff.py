"""stopgap diff: how a schema, a deployment or an environment differs from another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import typer
from rich.text import Text

from stopgap import Client, Diff
from stopgap.cli.options import (
    DbOption,
    DirOption,
    EnvOption,
    Output,
    OutputOption,
    check_bigint,
)
from stopgap.cli.planning import changed_functions
from stopgap.cli.render import print_human, print_json, source_diff
from stopgap.cli.session import open_client
from stopgap.errors import UsageError

DIFFERENCES = 3


def diff(
    from_schema: Annotated[
        str | None,
        typer.Option(
            "--from-schema", metavar="SCHEMA", help="Compare the functions of a schema."
        ),
    ] = None,
    deployment: Annotated[
        int | None,
        typer.Option(
            "--deployment",
            metavar="DEPLOYMENT_ID",
            callback=check_bigint,
            help="Compare a deployment.",
        ),
    ] = None,
    against: Annotated[
        int | None,
        typer.Option(
            "--against",
            metavar="DEPLOYMENT_ID",
            callback=check_bigint,
            help="Compare with a deployment.",
        ),
    ] = None,
    against_env: Annotated[
        str | None,
        typer.Option(
            "--against-env", metavar="ENV", help="Compare with what ENV runs."
        ),
    ] = None,
    db: DbOption = None,
    directory: DirOption = None,
    env: EnvOption = "prod",
    exit_code: Annotated[
        bool,
        typer.Option("--exit-code", help=f"Exit {DIFFERENCES} on any difference."),
    ] = False,
    output: OutputOption = Output.HUMAN,
) -> None:
    """Compare a schema with what an environment runs, or any two deployments.

    Compares --from-schema, --deployment, or what --env runs, with --against, with what
    --against-env runs, or else with what --env runs. Nothing is changed. Shows the
    TypeScript of both where a function differs.
    """
    if all(each is None for each in (from_schema, deployment, against, against_env)):
        raise UsageError(
            f"there is nothing to compare {env} with",
            hint="give --from-schema, --deployment, --against or --against-env",
        )
    is_json = output is Output.JSON
    with open_client(db, directory, quiet=is_json) as client:
        found = client.diff(
            env,
            from_schema=from_schema,
            deployment=deployment,
            against=against,
            against_env=against_env,
        )
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
            candidate = from_schema or _name(deployment) or env
            base = _name(against) or against_env or env
            print_human(*_human(client, found, f"{candidate} against {base}"))
    if exit_code and found.has_changes:
        raise typer.Exit(DIFFERENCES)


def _name(deployment_id: int | None) -> str | None:
    return None if deployment_id is None else f"deployment {deployment_id}"


def _human(client: Client, found: Diff, sides: str) -> Iterator[Text | str]:
    yield (
        f"{sides}: {found.added} added, {found.changed} changed, "
        f"{found.removed} removed, {found.unchanged} unchanged"
    )
    yield from changed_functions(found.functions, _diffs(client, found).get)


def _diffs(client: Client, found: Diff) -> dict[str, str]:
    """Return how the TypeScript of changed functions differs, by function."""
    sources = _sources(client, found)
    diffs = {}
    for each in found.functions:
        before = sources.get(each.active_artifact_hash or "")
        after = sources.get(each.candidate_artifact_hash or "")
        if before is not None and after is not None and before != after:
            diffs[each.fn_name] = source_diff(each.fn_name, before, after)
    return diffs


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
    if hashes - sources.keys() and found.source_schema is not None:
        # A candidate that was never compiled has no artifact: its schema has its text.
        written = client.function_sources(found.source_schema)
        for each in changed:
            if each.candidate_artifact_hash and each.fn_name in written:
                sources.setdefault(each.candidate_artifact_hash, written[each.fn_name])
    return sources
