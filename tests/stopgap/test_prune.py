"""Prune: what a deploy drops, keeps and retains."""

from __future__ import annotations

import pytest

from tests.stopgap.schema import (
    Connection,
    bodies,
    deploy,
    grants,
    rows,
    status,
    value,
    write,
)

PRUNE = '{"prune": true}'


def two_and_then_one(connection: Connection, options: str = "{}") -> int:
    """Deploy f and gone, then f alone; return the second deployment."""
    write(connection, "f")
    write(connection, "gone")
    deploy(connection)
    connection.execute("drop function shop.gone")
    return deploy(connection, options=options)


def test_without_it_removed_functions_stay_and_are_recorded(
    connection: Connection,
) -> None:
    two_and_then_one(connection)

    assert bodies(connection).keys() == {"f", "gone"}
    manifest = status(connection)["active_deployment"]["manifest"]
    assert manifest["retained"] == [{"fn_name": "gone", "deployment_id": 1}]
    assert [each["fn_name"] for each in manifest["functions"]] == ["f"]


def test_what_is_retained_stays_so_through_later_deploys(
    connection: Connection,
) -> None:
    two_and_then_one(connection)

    deploy(connection)

    manifest = status(connection)["active_deployment"]["manifest"]
    assert manifest["retained"] == [{"fn_name": "gone", "deployment_id": 1}]


def test_with_it_removed_functions_are_dropped(connection: Connection) -> None:
    two_and_then_one(connection, PRUNE)

    assert bodies(connection).keys() == {"f"}
    manifest = status(connection)["active_deployment"]["manifest"]
    assert manifest["prune"] == {
        "enabled": True,
        "dropped": ["gone"],
        "skipped_with_dependents": [],
    }
    assert manifest["retained"] == []


def test_it_drops_what_earlier_deploys_retained(connection: Connection) -> None:
    two_and_then_one(connection)

    deploy(connection, options=PRUNE)

    assert bodies(connection).keys() == {"f"}


def test_grants_are_kept_before_the_drop(connection: Connection) -> None:
    write(connection, "f")
    write(connection, "gone")
    deploy(connection)
    connection.execute("grant execute on function live_deployment.gone to public")
    connection.execute("drop function shop.gone")

    deploy(connection, options=PRUNE)

    assert rows(
        connection,
        "select fn_name, activation_id, grants from stopgap.dropped_function",
    ) == [
        ("gone", 2, {"app_user": {"grantable": False}, "public": {"grantable": False}})
    ]


def test_what_something_depends_on_stays(connection: Connection) -> None:
    write(connection, "f")
    write(connection, "gone")
    deploy(connection)
    connection.execute("create view shop.v as select live_deployment.gone('{}') as g")
    connection.execute("drop function shop.gone")

    deploy(connection, options=PRUNE)

    assert bodies(connection).keys() == {"f", "gone"}
    manifest = status(connection)["active_deployment"]["manifest"]
    assert manifest["prune"]["skipped_with_dependents"] == ["gone"]
    assert manifest["retained"] == [{"fn_name": "gone", "deployment_id": 1}]


def test_functions_made_by_hand_are_not_the_engines_to_drop(
    connection: Connection,
) -> None:
    write(connection, "f")
    deploy(connection)
    connection.execute(
        "create function live_deployment.mine() returns int language sql as 'select 1'"
    )

    deploy(connection, options=PRUNE)

    assert bodies(connection).keys() == {"f", "mine"}


def test_a_function_that_is_deployed_again_starts_with_first_grants(
    connection: Connection,
) -> None:
    write(connection, "f")
    write(connection, "gone")
    deploy(connection)
    connection.execute("grant execute on function live_deployment.gone to public")
    connection.execute("drop function shop.gone")
    deploy(connection, options=PRUNE)
    write(connection, "gone")

    deploy(connection)

    assert grants(connection, "gone") == {"app_user"}


@pytest.mark.parametrize(
    ("setting", "options", "left"),
    [
        ("on", "{}", {"f"}),
        ("on", '{"prune": false}', {"f", "gone"}),
        ("off", PRUNE, {"f"}),
    ],
)
def test_the_option_wins_over_the_setting(
    connection: Connection, setting: str, options: str, left: set[str]
) -> None:
    value(connection, "select set_config('stopgap.prune', %s, false)", setting)

    two_and_then_one(connection, options)

    assert bodies(connection).keys() == left
