"""The web's functions and what completes the language: as Node has them."""

from __future__ import annotations

import pytest

from tests.plts.differential import differences, in_node, in_plts, program
from tests.plts.support import Connection, evaluate

# Functions that differ on purpose: they refuse code made of text, hide the text of
# functions, or are V8's own additions.
OTHERS = {"Function.prototype.toString", "Function.prototype.constructor"}


def test_functions_have_the_form_that_node_has(session: Connection) -> None:
    module = program("shapes")

    ours, theirs = in_plts(session, module), in_node(module)

    both = ours.keys() & theirs.keys() - OTHERS
    different = {
        name: (ours[name], theirs[name])
        for name in both
        # What programs shadow by assignment is an accessor here; see the lockdown.
        if ours[name] != theirs[name]
        and not (ours[name][0] == "undefined" and theirs[name][0] != "undefined")
    }
    assert len(both) > 500
    assert different == {}


@pytest.mark.parametrize("seed", [8, 32])
def test_text_is_coded_as_in_node(session: Connection, seed: int) -> None:
    module = program("random", "decoder")

    ours, theirs = in_plts(session, module, seed), in_node(module, seed)

    assert len(ours) == 5000
    assert differences(ours, theirs) == []


def test_what_is_refused_is_refused_as_in_node(session: Connection) -> None:
    module = program("web_api")

    ours, theirs = in_plts(session, module), in_node(module)

    assert differences(ours, theirs) == []


def test_a_decoder_gives_out_at_once_what_cannot_become_valid(
    session: Connection,
) -> None:
    found = evaluate(
        session,
        "jsonb",
        """
        const starts = [[0xe0, 0x80], [0xed, 0xa0], [0xf0, 0x8f], [0xf4, 0x90], [0xc1]];
        return starts.map((bytes) =>
          new TextDecoder().decode(new Uint8Array(bytes), { stream: true }).length)
        """,
    )

    assert found == [2, 2, 2, 2, 1]


def test_operations_of_the_web_are_no_constructors(session: Connection) -> None:
    found = evaluate(
        session,
        "jsonb",
        """
        const { getRandomValues, randomUUID } = crypto;
        const operations = [atob, btoa, queueMicrotask, structuredClone, Math.random,
          performance.now, getRandomValues, randomUUID, console.log];
        return operations.map((each) => {
          try { Reflect.construct(Object, [], each); return "constructor" } catch {}
          return `${each.name} ${each.length}`;
        })
        """,
    )

    assert found == [
        "atob 1",
        "btoa 1",
        "queueMicrotask 1",
        "structuredClone 1",
        "random 0",
        "now 0",
        "getRandomValues 1",
        "randomUUID 0",
        "log 0",
    ]


def test_a_large_document_is_cloned_as_its_plain_value(session: Connection) -> None:
    session.execute(
        "create function cloned(doc jsonb) returns jsonb language plts as $$"
        " export default (ctx: Ctx<{ doc: any }>) => {"
        "   const copy = structuredClone({ in: [ctx.args.doc] });"
        "   copy.in[0].items[0].n = -1;"
        "   return [ctx.args.doc.items[0].n, copy.in[0].items[0].n,"
        "     copy.in[0].items.length] } $$"
    )

    row = session.execute(
        "select cloned(jsonb_build_object('items',"
        " (select jsonb_agg(jsonb_build_object('n', n))"
        " from generate_series(1, 500) n)))"
    ).fetchone()

    assert row == ([1, -1, 500],)


@pytest.mark.parametrize(
    "failing",
    [
        "ctx.db.sync.query('select 1 / 0')",
        "ctx.db.sync.savepoint((db) => db.sync.exec('select 1 / 0'))",
        "await ctx.db.query('select 1 / 0')",
        "throw new SqlError({ code: '22012', message: 'division' })",
        "throw new UniqueViolationError({ message: 'x' })",
    ],
)
def test_the_stack_of_an_sql_error_is_the_authors(
    session: Connection, failing: str
) -> None:
    session.execute(
        "create function stack_of() returns text language plts as $$"
        ' import { SqlError, UniqueViolationError } from "@stopgap/runtime";'
        " void UniqueViolationError; void SqlError;"
        " export default async (ctx: Ctx) => {"
        f"   try {{ {failing}; return '' }}"
        "   catch (error) { return String((error as Error).stack) } } $$"
    )

    row = session.execute("select stack_of()").fetchone()

    assert row is not None
    frames = [line for line in str(row[0]).split("\n") if line.startswith("    at ")]
    assert str(row[0]).split("\n")[0].endswith(("division by zero", "division", "x"))
    # Below the author's are those of who calls him, as in every error.
    above = frames[: 1 + ("throw" not in failing) * len(frames)]
    assert [line for line in above if "plts:" not in line] == []
    assert frames or "await" in failing
