"""Names of every kind, in schemas, functions, environments and labels."""

from __future__ import annotations

import pytest

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


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
