"""Regular expressions do what ECMAScript says, as Node has it too."""

from __future__ import annotations

import pytest

from tests.plts.differential import differences, in_node, in_plts, program
from tests.plts.support import Connection, define, evaluate, fetch, notices, refused


def test_written_cases_are_as_in_node(session: Connection) -> None:
    module = program("regexp_written")

    ours, theirs = in_plts(session, module), in_node(module)

    assert len(ours) >= 40
    assert differences(ours, theirs) == []


@pytest.mark.parametrize("seed", [1, 20240229, 777])
def test_generated_cases_are_as_in_node(session: Connection, seed: int) -> None:
    module = program("random", "regexp_generated")

    ours, theirs = in_plts(session, module, seed), in_node(module, seed)

    assert len(ours) >= 6000
    assert differences(ours, theirs) == []


def test_a_callback_that_matches_does_not_disturb_what_is_replaced(
    session: Connection,
) -> None:
    session.execute("set statement_timeout = '5s'")

    result = evaluate(
        session,
        "text",
        r"""
        const re = /\w/g;
        return "x1y".replace(re, (m) => { re.test("_"); return m + "?" })
        """,
    )

    assert result == "x?1?y?"


LAST_MATCH = [
    "$1",
    "$9",
    "input",
    "$_",
    "lastMatch",
    "$&",
    "lastParen",
    "$+",
    "leftContext",
    "$`",
    "rightContext",
    "$'",
]


@pytest.mark.parametrize("name", LAST_MATCH)
def test_a_match_leaves_nothing_for_the_next_function(
    session: Connection, name: str
) -> None:
    define(session, "match_it() returns bool", "return /(se)(cret)/.test('a secret x')")
    define(
        session,
        "look() returns text",
        f"return String((RegExp as any)[{name!r}])",
    )
    define(
        session,
        "plant() returns void",
        f"'use strict'; try {{ (RegExp as any)[{name!r}] = 'planted' }} catch {{}}",
    )

    session.execute("select match_it(), plant()")

    assert fetch(session, "select look()") == "undefined"


@pytest.mark.parametrize("expression", ["RegExp.$1", 'RegExp["$&"]', "RegExp.input"])
def test_asking_for_the_last_match_is_refused_with_the_reason(
    session: Connection, expression: str
) -> None:
    with refused("42P13") as refusal:
        evaluate(session, "text", f"/a/.test('a'); return {expression}")

    assert "RegExpConstructor" in refusal.message
    assert "exec() and match() return it" in refusal.message


def test_maps_and_sets_are_made_of_lists(session: Connection) -> None:
    with notices(session) as said:
        found = evaluate(
            session,
            "jsonb",
            """
            class Counted extends Map<number, string> {
              set(key: number, value: string) {
                console.warn(String(key));
                return super.set(key, value);
              }
            }
            const counted = new Counted([[1, "a"], [2, "b"]]);
            const key = {};
            return [
              [...counted], new Map([[NaN, 1], [NaN, 2]]).size,
              [...new Set([1, "1", 1])],
              new WeakMap([[key, 3]]).get(key), new WeakSet([key]).has(key),
            ]
            """,
        )

    assert found == [[[1, "a"], [2, "b"]], 1, [1, "1"], 3, True]
    assert said == ["1", "2"]
