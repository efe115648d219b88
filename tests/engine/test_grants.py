"""Grants of live functions that come and go."""

from __future__ import annotations

from stopgap.engine.grants import (
    FIRST_GRANTS,
    PUBLIC,
    Grant,
    functions_by_grant,
    grants_from_json,
    without_missing_roles,
)


def test_saved_grants_come_back_by_role_name() -> None:
    saved = '{"public": {"grantable": false}, "alice": {"grantable": true}}'

    assert grants_from_json(saved) == (Grant("alice", True), Grant(PUBLIC))


def test_grants_of_roles_that_are_gone_and_of_everybody_are_left_out() -> None:
    grants = {"f": (Grant("alice"), Grant("bob"), Grant(PUBLIC))}

    assert without_missing_roles(grants, {"bob"}) == {"f": (Grant("bob"),)}


def test_functions_with_the_same_grant_share_a_statement() -> None:
    saved = {"b": (Grant("alice"),), "c": ()}

    assert functions_by_grant(["a", "b", "c", "d"], saved) == {
        FIRST_GRANTS[0]: ["a", "d"],
        Grant("alice"): ["b"],
    }
