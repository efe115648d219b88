"""Names of every kind, in schemas, functions, environments and labels."""

from __future__ import annotations

from typing import Any

import pytest
from psycopg.types.json import Jsonb

from tests.stopgap.schema import (
    Connection,
    deploy,
    rollback,
    status,
    value,
    write,
)

NAMES = [
    "MixedCase",
    "select",
    "two words",
    'quo"te',
    "apo'strophe",
    "per%cent%s",
    "$dollar$",
    "$$",
    "back\\slash",
    "semi;colon--",
    ":colon",
    "{curly}",
    "ünïcødé",
    "日本語",
    "x" * 63,
    "é" * 31,
]


@pytest.mark.parametrize("name", NAMES)
def test_any_name_is_deployed_called_and_rolled_back(
    connection: Connection, name: str
) -> None:
    value(
        connection,
        "select set_config('stopgap.live_schema', %s, false)",
        f"l{name}"[:50],
    )
    write(connection, name, 1, schema=name)
    first = deploy(connection, name, name, name)
    write(connection, name, 2, schema=name)
    deploy(connection, name, name, name)

    assert rollback(connection, name) == first

    found = status(connection, name)
    assert found["env"] == name
    assert found["live_schema"] == f"l{name}"[:50]
    assert found["drift"]["has_drift"] is False
    assert found["active_deployment"]["label"] == name
    assert found["active_deployment"]["source_schema"] == name
    (function,) = found["active_deployment"]["manifest"]["functions"]
    assert function["fn_name"] == name
    assert (
        value(
            connection,
            "select count(*) from pg_proc where pronamespace = %s::regnamespace"
            " and proname = %s",
            quoted(found["live_schema"]),
            name,
        )
        == 1
    )


@pytest.mark.parametrize("name", NAMES)
def test_any_name_is_sealed_activated_repaired_and_rolled_back_to(
    connection: Connection, name: str
) -> None:
    write(connection, name, 1, schema=name)
    first = deploy(connection, name, name, name)
    write(connection, name, 2, schema=name)
    options = '{"activate": false}'
    second = deploy(connection, name, name, "second", options=options)
    planned = ask(connection, "plan", name, None, {"activate": second})
    assert [each["fn_name"] for each in planned["functions"]] == [name]

    assert ask(connection, "activate", name, second) == second

    live = f"{quoted(status(connection, name)['live_schema'])}.{quoted(name)}"
    assert call(connection, live) == 2
    connection.execute(f"drop function {live}".encode())
    assert status(connection, name)["drift"]["dropped"] == [name]
    repaired = ask(connection, "repair", name)
    assert repaired["created"] == [name]
    assert call(connection, live) == 2
    assert ask(connection, "rollback", name, 1, None, {"to_label": name}) == first
    assert call(connection, live) == 1


@pytest.mark.parametrize("name", NAMES)
def test_any_name_is_promoted_exported_and_imported(
    connection: Connection, name: str
) -> None:
    write(connection, name, 1, schema=name)
    first = deploy(connection, schema=name, label=name)

    promoted = ask(connection, "promote", "prod", name, {"label": f"{name} 2"})
    bundle = ask(connection, "export_deployment", name)
    imported = ask(connection, "import_deployment", f"{name} 2", bundle)

    for env, deployment in ((name, promoted), (f"{name} 2", imported)):
        found = status(connection, env)
        assert found["active_deployment_id"] == deployment > first
        assert found["active_deployment"]["label"] == f"{name} 2"
        assert found["active_deployment"]["source_schema"] == name
        assert found["drift"]["has_drift"] is False
        assert call(connection, f"{quoted(found['live_schema'])}.{quoted(name)}") == 1
    assert ask(connection, "verify")["findings"] == []


@pytest.mark.parametrize("name", NAMES)
def test_any_name_is_kept_and_removed_by_gc_and_recorded_as_failed(
    connection: Connection, name: str
) -> None:
    for answer in (1, 2, 3):
        write(connection, name, answer, schema=name)
        deploy(connection, name, name, name if answer == 1 else None)
    error = {"message": name, "diagnostics": []}
    failed = ask(connection, "record_failure", name, name, error, {"label": name})

    kept = {"env": name, "keep": 1, "keep_labelled": True}
    removed = ask(connection, "gc", kept)["deployments"]

    assert [each["env"] for each in removed] == [name]
    assert ask(connection, "rollback", name, 1, None, {"to_label": name}) == 1
    recorded = ask(connection, "deployments", name, 1)[0]
    assert recorded["id"] == failed
    assert recorded["label"] == name
    assert recorded["manifest"]["error"]["message"] == name
    assert recorded["source_schema"] == name


def ask(connection: Connection, verb: str, *arguments: object) -> Any:
    """Return what a verb answers; objects are passed as jsonb."""
    given = [Jsonb(each) if isinstance(each, dict) else each for each in arguments]
    places = ", ".join(["%s"] * len(given))
    return value(connection, f"select stopgap.{verb}({places})", *given)


def call(connection: Connection, function: str) -> Any:
    return value(connection, "select " + function.replace("%", "%%") + "(%s)", "{}")


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
