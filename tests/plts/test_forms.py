"""Whether a text is a module or a plain body: one answer, from whomever it comes.

The compiler decides on the parsed tree. Where the first words leave no doubt the
library does without it, and must say the same.
"""

from __future__ import annotations

import psycopg
import pytest

from tests.plts.support import Connection, define, fetch

_DATA = '"data:text/javascript,export default 2"'
_MODULES = {
    "export default": "export default () => 1;",
    "export default function": "export default function f() { return 1; }",
    "export default async": "export default async () => 1;",
    "export const": "export const a = 1;\nexport default () => a;",
    "export var": "export var a = 1;\nexport default () => a;",
    "export class": "export class A {}\nexport default () => new A() ? 1 : 0;",
    "export enum": "export enum A { b }\nexport default () => A.b;",
    "export const enum": "export const enum A { b }\nexport default () => A.b;",
    "export function": "export function a() { return 1; }\nexport default a;",
    "export async function": "export async function a() {}\nexport default () => 1;",
    "export let": "export let a = 1;\nexport default () => a;",
    "export type": "export type A = number;\nexport default (): A => 1;",
    "export interface": "export interface A {}\nexport default () => 1;",
    "export list": "export { f as default };\nconst f = () => 1;",
    "export list at once": "export{f as default};const f=()=>1;",
    "export from": f"export * from {_DATA};\nexport default () => 1;",
    "import names": 'import { v } from "@stopgap/runtime";\nexport default () => !!v;',
    "import all": f"import*as a from {_DATA};\nexport default () => a.default;",
    "import default": f"import a from {_DATA};\nexport default () => a;",
    "import type": 'import type { Ctx } from "@stopgap/runtime";\n'
    "export default (_: Ctx) => 1;",
    "import for its effects": f"import {_DATA};\nexport default () => 1;",
    "import without blanks": f"import{{default as a}}from{_DATA};export default()=>a;",
    "statement first": "const a = 1;\nexport default () => a;",
    "type first": "type A = number;\nexport default (): A => 1;",
    "comments first": "// import(\n/* export */ /**/ export /* a */ default () => 1;",
    "comment with a quote": "// “import”\nexport default () => 1;",
    "comment ended by U+2028": "// a\u2028export default () => 1;",
    "comment ended by U+2028, then a statement": "// a\u2028const a = 1;\n"
    "export default () => a;",
    "carriage returns": "// a\rexport default () => 1;",
    "byte order mark": "\ufeffexport default () => 1;",
    "hash bang": "#!/usr/bin/env node\nexport default () => 1;",
}
_BODIES = {
    "statement": "return 1",
    "import call": f"const a = await import({_DATA});\nreturn a.default",
    "import call first": f"import({_DATA});\nreturn 1",
    "import call after a comment": f"import /* a */ ({_DATA});\nreturn 1",
    "name that begins as import does": "const importance = 1;\nreturn importance",
    "name that begins as export does": "exports: { return 1; }",
    "words in a string": "return 'export default 1'.length",
    "words in a comment": "/* export default */ return 1",
    "words after U+2028": "// a\u2028return `\nexport default 1`.length",
    "import in a line comment": "// import a from 'a'\nreturn 1",
    "words in a template": "return `\nexport default 1`.length",
}


def check(connection: Connection, text: str) -> str:
    """Create a function and return its module, known before and after it is stored."""
    define(connection, "f() returns jsonb", text)
    compiled = fetch(connection, "select source_ts from plts.artifact")
    assert fetch(connection, "select plts.artifact_source('f'::regproc)") == compiled

    connection.execute("delete from plts.artifact")
    assert fetch(connection, "select plts.artifact_source('f'::regproc)") == compiled
    assert isinstance(compiled, str)
    return compiled


@pytest.mark.parametrize("text", _MODULES.values(), ids=_MODULES)
def test_module_is_its_text(connection: Connection, text: str) -> None:
    assert check(connection, text) == text


@pytest.mark.parametrize("text", _BODIES.values(), ids=_BODIES)
def test_plain_body_is_wrapped(connection: Connection, text: str) -> None:
    module = check(connection, text)

    assert module.startswith("/* plts:body */")
    assert text in module


@pytest.mark.parametrize(
    "text", ["import", "export", "export 1", "import 1", "import /* a", "export //"]
)
def test_half_a_declaration_is_refused_as_the_body_that_it_is(
    connection: Connection, text: str
) -> None:
    with pytest.raises(psycopg.errors.SyntaxError):
        define(connection, "f() returns jsonb", text)


def test_body_that_was_stored_as_a_module_stays_a_body(connection: Connection) -> None:
    text = f"await import({_DATA});"
    connection.execute("select plts.compile_and_store(%s)", [text])

    define(connection, "f() returns void", text)

    assert fetch(connection, "select f() is null") is not None
