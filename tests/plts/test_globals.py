"""The language's globals are exactly those that the compiler declares."""

from __future__ import annotations

import json
from pathlib import Path

import psycopg

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
