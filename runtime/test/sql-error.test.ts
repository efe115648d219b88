/** `SqlError`: its fields, and how to tell one. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { SqlError } from "@stopgap/runtime";

test("it carries the fields it is given, and no others", () => {
  const error = new SqlError({ code: "23505", message: "taken", constraint: "u" });

  assert(error instanceof Error);
  assert.equal(String(error), "SqlError: taken");
  assert.deepEqual({ ...error }, { code: "23505", constraint: "u" });
});

test("only codes of errors are accepted", () => {
  for (const code of ["00000", "01000", "02000", "2350", "235055", "2350a", ""]) {
    assert.throws(() => new SqlError({ code, message: "x" }), TypeError);
  }
});

test("an impostor is not an SqlError", () => {
  const impostor: unknown = Object.create(SqlError.prototype);

  assert(SqlError.isSqlError(new SqlError({ code: "P0001", message: "x" })));
  assert(!SqlError.isSqlError(impostor));
  assert(!SqlError.isSqlError(null));
});
