"""The language's globals are exactly those that the compiler declares."""

from __future__ import annotations

import json
from pathlib import Path

import psycopg
import pytest

from tests.plts.support import Connection, define, evaluate, fetch, refused

DECLARED = Path(__file__).parents[2] / "build" / "js" / "library.json"

# Properties of instances: no prototype has them.
OF_INSTANCES = {"prototype", "lastIndex", "cause", "stack", "errors"}

BODY = """
  const missing: string[] = [];
  for (const [path, members] of Object.entries(declared as Record<string, string[]>)) {
    let object: unknown = globalThis;
    for (const name of path.split(".").filter(Boolean)) {
      object = (object as Record<string, unknown> | undefined)?.[name];
    }
    for (const name of members) {
      if (object === undefined || object === null || !(name in Object(object))) {
        missing.push(`${path}.${name}`);
      }
    }
  }
  const names = Object.getOwnPropertyNames(globalThis).sort();
  return { missing, names };
"""


def test_globals_are_those_the_compiler_declares(
    connection: psycopg.Connection[tuple[object, ...]],
) -> None:
    connection.execute(
        "create function globals(declared jsonb) returns jsonb "
        f"strict language plts as $body${BODY}$body$"
    )
    declared = json.loads(DECLARED.read_text())
    row = connection.execute("select globals(%s)", [json.dumps(declared)]).fetchone()
    assert row is not None
    found = row[0]
    assert isinstance(found, dict)

    missing = [
        path for path in found["missing"] if path.rsplit(".", 1)[1] not in OF_INSTANCES
    ]
    assert missing == []
    assert set(found["names"]) - {"undefined"} == set(declared[""])


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("setTimeout", "no timers"),
        ("fetch", "no network"),
        ("process", "no processes"),
        ("require", "no CommonJS modules"),
        ("Buffer", "Uint8Array"),
        ("WebAssembly", "left out on purpose"),
        ("SharedArrayBuffer", "left out on purpose"),
    ],
)
def test_what_is_absent_is_refused_with_the_reason(
    session: Connection, name: str, reason: str
) -> None:
    with refused("42P13") as refusal:
        evaluate(session, "int", f"return {name} ? 1 : 2")

    assert refusal.message.startswith(f"TS2304: Cannot find name '{name}'. ")
    assert reason in refusal.message


def test_console_reports_with_postgres_levels(session: Connection) -> None:
    session.execute("set plts.log_level = 'debug'; set client_min_messages = 'debug1'")
    define(
        session,
        "talks() returns void",
        "console.debug('d'); console.log('%s is %d', 'x', 2); console.info({ a: [1] });"
        "console.warn('w'); console.error('e'); console.assert(false, 'no')",
    )
    told: list[tuple[str, str, str]] = []
    session.add_notice_handler(
        lambda said: told.append(
            (said.severity or "", said.message_primary or "", said.context or "")
        )
    )

    session.execute("select talks()")

    ours = [each for each in told if "talks" in each[2]]
    assert [each[:2] for each in ours] == [
        ("DEBUG", "d"),
        ("NOTICE", "x is 2"),
        ("NOTICE", "{ a: [ 1 ] }"),
        ("WARNING", "w"),
        ("WARNING", "e"),
        ("WARNING", "Assertion failed: no"),
    ]


def test_roles_pass_nothing_through_shared_registries(session: Connection) -> None:
    """Symbols are the one registry that contexts share, and they carry nothing."""
    session.execute(
        "do $$ begin create role other; exception when others then null; end $$;"
        "do $$ begin execute 'grant usage on schema ' || current_schema"
        " || ' to other'; end $$"
    )
    define(
        session,
        "probe() returns text[]",
        """
        const symbol = Symbol.for("shared");
        const attempts = [
          () => { Object.defineProperty(symbol, "x", { value: 1 }) },
          () => { (Symbol.prototype as any).x = 1 },
          () => { (Math as any).x = 1 },
          () => { (Date as any).x = 1 },
          () => { (Error as any).stackTraceLimit = 7 },
          () => { (RegExp as any).x = 1 },
        ];
        const outcomes: string[] = attempts.map((act) => {
          try { act(); return "done" } catch { return "" }
        });
        return [...outcomes, ...Object.keys(symbol), (symbol as any).x ?? ""];
        """,
    )
    found = [fetch(session, "select probe()")]
    session.execute("set role other")
    found += [fetch(session, "select probe()")]

    assert found == [[""] * 7] * 2
    session.execute("reset role; drop owned by other; drop role other")
