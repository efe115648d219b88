"""stopgap status: what an environment runs."""

from __future__ import annotations

from rich.text import Text

from stopgap import Deployment, Status
from stopgap.cli.options import DbOption, DirOption, EnvOption, Output, OutputOption
from stopgap.cli.render import (
    commit,
    env_option,
    facts,
    moment,
    print_human,
    print_json,
    table,
)
from stopgap.cli.session import open_client

_DRIFT = {
    "changed": "changed by hand",
    "dropped": "dropped by hand",
    "added": "not of the deployment",
    "missing_artifacts": "without their artifact",
}
# What repair does not leave alone, or to other means.
_REPAIRABLE = ("changed", "dropped", "live_schema")


def status(
    db: DbOption = None,
    directory: DirOption = None,
    env: EnvOption = "prod",
    output: OutputOption = Output.HUMAN,
) -> None:
    """Show what an environment runs.

    Drift is what people changed in its live schema by hand.
    """
    with open_client(db, directory, quiet=output is Output.JSON) as client:
        found = client.known_status(env)
    if output is Output.JSON:
        print_json({"command": "status", "env": env, "status": found.raw})
    else:
        _print_human(found)


def _print_human(found: Status) -> None:
    active = found.active_deployment
    print_human(
        facts(
            [
                ("environment", found.env),
                ("live schema", found.live_schema),
                ("updated", moment(found.updated_at)),
                ("deployment", "none" if active is None else _known_as(active)),
                ("from schema", active and active.source_schema),
                (
                    "deployed",
                    active and f"{moment(active.created_at)} by {active.created_by}",
                ),
                *_provenance(active),
                ("retained", ", ".join(found.retained) or None),
                ("drift", _drift(found)),
            ]
        )
    )
    changes = _changes(found)
    if changes:
        print_human("", table(("drifted", "in its"), changes))
    if any(found.drift.get(key) for key in _REPAIRABLE):
        print_human("", f"To undo drift: stopgap repair {env_option(found.env)}")
    if active is not None and active.functions:
        rows = [
            (each.fn_name, each.kind, each.artifact_hash[:19])
            for each in active.functions
        ]
        print_human("", table(("function", "kind", "artifact"), rows))


def _provenance(active: Deployment | None) -> list[tuple[str, str | None]]:
    said = {} if active is None else active.provenance
    return [
        ("message", said.get("message")),
        ("commit", commit(said) or None),
        ("ci", said.get("ci_url")),
    ]


def _known_as(deployment: Deployment) -> str:
    return f"{deployment.id} {deployment.label or ''}".rstrip()


def _drift(found: Status) -> Text:
    kinds = [
        f"{', '.join(found.drift[key])}: {words}"
        for key, words in _DRIFT.items()
        if found.drift.get(key)
    ]
    schema = found.drift.get("live_schema")
    if schema:
        kinds.append(f"the live schema: {schema}")
    return Text("; ".join(kinds), style="yellow") if kinds else Text("none")


def _changes(found: Status) -> list[tuple[str, str]]:
    """Return what was done to live functions by hand, function by function."""
    changes = found.drift.get("changes") or {}
    return [(name, ", ".join(what)) for name, what in changes.items()]
