"""The DDL of a materialization, and its batches."""

from __future__ import annotations

from stopgap.engine.attributes import Attributes
from stopgap.engine.ddl import (
    BATCH_SIZE,
    create_schema,
    lock_count,
    materialize_statements,
)
from stopgap.engine.grants import DefaultGrantees, Grant, Grants
from stopgap.engine.plan import Materialization, Replacement
from tests.engine.values import live_function, version

COMMENTED = Attributes(comment="it's new")


def statements(
    materialization: Materialization, saved: dict[str, tuple[Grant, ...]] | None = None
) -> list[str]:
    batches = materialize_statements("Live", materialization, Grants(saved or {}))
    return [statement for batch in batches for statement in batch]


def test_a_created_function_is_granted_to_app_user_alone() -> None:
    created = statements(Materialization(create=(version("add"),)))

    assert created == [
        'create function "Live"."add"(args pg_catalog.jsonb) returns pg_catalog.jsonb'
        " language plts security invoker"
        " volatile called on null input parallel unsafe cost 100"
        f" as '{version('add').pointer}'",
        'revoke all on function "Live"."add"(pg_catalog.jsonb) from public',
        'grant execute on function "Live"."add"(pg_catalog.jsonb) to "app_user"',
    ]


def test_a_replaced_function_keeps_its_grants() -> None:
    replaced = statements(
        Materialization(
            replace=(Replacement(live_function("f"), version("f", code="new")),)
        )
    )

    assert len(replaced) == 1
    assert replaced[0].startswith("create or replace function")


def test_what_default_privileges_give_is_taken_from_what_is_made() -> None:
    defaults = DefaultGrantees(("Mine", "app_user"), ("her's",))
    batches = materialize_statements(
        "Live", Materialization(create=(version("f"),)), Grants({}, defaults)
    )

    made = [each for batch in batches for each in batch]
    assert made[1].endswith(' from public, "Mine", "app_user"')
    assert made[2].endswith(' to "app_user"')
    assert create_schema("Live", defaults)[1].endswith(' from public, "her\'s"')


def test_grants_that_drifted_are_put_right_without_another_definition() -> None:
    open_ = live_function("f", is_public=True)
    lost = live_function("g", is_public=True, has_lost_grants=True)
    materialization = Materialization(
        replace=(Replacement(open_, version("f")), Replacement(lost, version("g")))
    )

    assert statements(materialization) == [
        'revoke all on function "Live"."f"(pg_catalog.jsonb),'
        ' "Live"."g"(pg_catalog.jsonb) from public',
        'grant execute on function "Live"."g"(pg_catalog.jsonb) to "app_user"',
    ]
    assert lock_count(materialization) == 0


def test_a_comment_comes_with_its_function() -> None:
    created = statements(Materialization(create=(version("f", attributes=COMMENTED),)))

    assert created[1] == (
        "comment on function \"Live\".\"f\"(pg_catalog.jsonb) is 'it''s new'"
    )


def test_a_comment_that_is_gone_is_removed() -> None:
    replacement = Replacement(live_function("f", attributes=COMMENTED), version("f"))

    replaced = statements(Materialization(replace=(replacement,)))

    assert replaced[1].endswith("is null")


def test_a_comment_that_stays_is_not_written_again() -> None:
    replacement = Replacement(
        live_function("f", attributes=COMMENTED, code="old"),
        version("f", attributes=COMMENTED),
    )

    assert len(statements(Materialization(replace=(replacement,)))) == 1


def test_saved_grants_come_back_in_place_of_the_first_ones() -> None:
    saved = {
        "f": (Grant("Report'er", is_grantable=True), Grant("auditor")),
        "g": (Grant("Report'er", is_grantable=True),),
        "h": (),
    }

    created = statements(
        Materialization(create=(version("f"), version("g"), version("h"))), saved
    )

    assert created[3:] == [
        'revoke all on function "Live"."f"(pg_catalog.jsonb),'
        ' "Live"."g"(pg_catalog.jsonb), "Live"."h"(pg_catalog.jsonb) from public',
        'grant execute on function "Live"."f"(pg_catalog.jsonb),'
        ' "Live"."g"(pg_catalog.jsonb) to "Report\'er" with grant option',
        'grant execute on function "Live"."f"(pg_catalog.jsonb) to "auditor"',
    ]


def test_names_are_quoted_wherever_they_stand() -> None:
    hostile = 'f"; drop table x; --'
    materialization = Materialization(
        create=(version(hostile),), drop=(live_function(hostile),)
    )
    batches = materialize_statements(hostile, materialization, Grants())

    for statement in [
        *(each for batch in batches for each in batch),
        *create_schema(hostile, DefaultGrantees()),
    ]:
        assert 'f"";' in statement
        assert 'f";' not in statement.replace('f"";', "")


def test_many_functions_go_in_few_strings() -> None:
    many = tuple(version(f"f{number}") for number in range(2 * BATCH_SIZE + 1))

    batches = list(materialize_statements("l", Materialization(create=many), Grants()))

    created = [
        sum(statement.startswith("create function") for statement in batch)
        for batch in batches
    ]
    assert created == [500, 500, 1]


def test_drops_restrict() -> None:
    dropped = Materialization(drop=(live_function("a"), live_function("b")))

    assert statements(dropped) == [
        'drop function "Live"."a"(pg_catalog.jsonb),'
        ' "Live"."b"(pg_catalog.jsonb) restrict'
    ]


def test_nothing_to_do_is_no_statement() -> None:
    assert statements(Materialization()) == []


def test_locks_are_those_of_replacing_dropping_and_commenting() -> None:
    materialization = Materialization(
        create=(version("a"), version("b", attributes=COMMENTED)),
        replace=(Replacement(live_function("c"), version("c", code="new")),),
        drop=(live_function("d"),),
    )

    assert lock_count(materialization) == 3
