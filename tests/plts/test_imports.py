"""Modules: what can be imported, by whom, and what becomes of it."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from tests.plts.support import (
    Connection,
    OpenSession,
    define,
    evaluate,
    fetch,
    refused,
)

MONEY = """
export const add = (a: number, b: number): number => a + b;
export type Cent = number;
"""
COUNTER = """
let calls = 0;
export const next = (): number => ++calls;
"""
MISSING = "sha256:" + "0" * 64


def store(connection: Connection, source: str, options: object = None) -> str:
    """Store a module and return its hash."""
    found = fetch(
        connection,
        "select plts.compile_and_store(%s::text, %s::jsonb)",
        [source, json.dumps(options or {})],
    )
    return str(found)


def artifact(connection: Connection, source: str) -> str:
    """Store a module and return the specifier that imports it."""
    return f"plts+artifact:{store(connection, source)}"


def counting(counter: str, name: str) -> str:
    """Return a module, different for each name, that counts its calls elsewhere."""
    return f'''
        import {{ next }} from "{counter}"; // {name}
        export default () => next()
    '''


def data(text: str, kind: str = "text/javascript") -> str:
    """Return the data: URL of a text."""
    return f"data:{kind};base64,{base64.b64encode(text.encode()).decode()}"


def pointer(
    connection: Connection, name: str, artifact_hash: str, **rest: object
) -> None:
    """Make a function whose body is a pointer."""
    body = {
        "plts": 1,
        "kind": "artifact_ptr",
        "artifact_hash": artifact_hash,
        "export": "default",
        "mode": "stopgap_deployed",
        **rest,
    }
    define(connection, f"{name}(args jsonb) returns jsonb", json.dumps(body))


@pytest.fixture
def author(session: Connection) -> Iterator[Connection]:
    """A superuser's session beside a role that may write functions, and no more."""
    session.execute(
        "do $$ begin create role test_author; exception when others then null; end $$;"
        "grant usage on language plts to test_author;"
        "do $$ begin execute 'grant all on schema ' || current_schema"
        " || ' to test_author'; end $$"
    )
    yield session
    session.execute(
        "reset role; drop owned by test_author;"
        "revoke usage on language plts from test_author"
    )


# What can be imported


def test_a_stored_artifact_can_be_imported(session: Connection) -> None:
    money = artifact(session, MONEY)

    text = f'import {{ add }} from "{money}"; export default () => add(1, 2)'

    assert evaluate(session, "int", text) == 3


def test_an_artifact_is_typed_from_its_source(session: Connection) -> None:
    money = artifact(session, MONEY)

    with refused("42P13") as refusal:
        evaluate(
            session,
            "int",
            f'import {{ add }} from "{money}";\nexport default () => add(1, "2")',
        )

    assert "'string' is not assignable to parameter of type 'number'" in refusal.message
    assert "line 2, column 29" in refusal.detail


@pytest.mark.parametrize(
    "text",
    [
        'import {{ add as plus }} from "{money}"; export default () => plus(1, 2)',
        'import * as money from "{money}"; export default () => money.add(1, 2)',
        'export {{ add }} from "{money}"; import {{ add }} from "{money}"; '
        "export default () => add(1, 2)",
        'import "{money}"; export default () => 3',
        'import type {{ Cent }} from "{money}"; export default (): Cent => 3',
        'import {{ type Cent, add }} from "{money}"; '
        "export default (): Cent => add(1, 2)",
        'export default async () => (await import("{money}")).add(1, 2)',
        'return (await import("{money}")).add(1, 2)',
    ],
)
def test_every_form_of_import_works(session: Connection, text: str) -> None:
    money = artifact(session, MONEY)

    assert evaluate(session, "int", text.format(money=money)) == 3


def test_an_artifact_can_export_what_it_imports(session: Connection) -> None:
    money = artifact(session, MONEY)
    between = artifact(
        session, f'export * from "{money}"; export * as all from "{money}"'
    )

    text = (
        f'import {{ add, all }} from "{between}"; '
        "export default () => add(1, all.add(1, 1))"
    )

    assert evaluate(session, "int", text) == 3


def test_a_missing_artifact_is_named_at_its_place(session: Connection) -> None:
    with refused("42P13") as refusal:
        evaluate(
            session,
            "int",
            f'import x from "plts+artifact:{MISSING}"; export default () => x',
        )

    assert (
        refusal.message
        == f"PLTS1005: artifact {MISSING} does not exist in plts.artifact"
    )
    assert refusal.detail.startswith("line 1, column 15")
    assert refusal.diagnostic.statement_position is not None


def test_sources_of_one_program_can_import_each_other(session: Connection) -> None:
    money_hash = fetch(session, "select plts.artifact_hash(%s::text)", [MONEY])
    uses = f'export {{ add as default }} from "plts+artifact:{money_hash}"'

    stored = fetch(
        session, "select plts.compile_and_store(array[%s, %s])", [uses, MONEY]
    )

    assert stored[1] == money_hash


@pytest.mark.parametrize(
    "url",
    [
        data("export const twice = (n) => n * 2"),
        "data:text/javascript," + quote("export const twice = (n) => n * 2"),
        "data:application/javascript;charset=utf-8,export const twice = (n) => n * 2",
    ],
)
def test_a_data_url_is_a_module(session: Connection, url: str) -> None:
    text = f'import {{ twice }} from "{url}"; export default () => twice(21)'

    assert evaluate(session, "int", text) == 42


def test_a_data_url_can_import(session: Connection) -> None:
    money = artifact(session, MONEY)
    inner = data(
        f"import {{ add }} from '{money}';"
        "import { SqlError } from '@stopgap/runtime';"
        "export default () => add(1, SqlError.name.length)"
    )

    assert evaluate(session, "int", f'import f from "{inner}"; export default f') == 9


def test_json_is_a_module(session: Connection) -> None:
    url = data('{"rates": [1.5, 2], "__proto__": 1, "é": "ü"}', "application/json")
    text = (
        f'import table from "{url}" with {{ type: "json" }};'
        "export default () => [table.rates, table['é'], Object.keys(table).length]"
    )

    assert evaluate(session, "jsonb", text) == [[1.5, 2], "ü", 3]


def test_the_namespace_of_the_runtime_is_sealed(session: Connection) -> None:
    text = """
        // @ts-nocheck
        import * as runtime from "@stopgap/runtime";
        export default () => {
          try { runtime.v = 1; return "set" } catch (e) { return e.name }
        }
    """

    assert evaluate(session, "text", text) == "TypeError"


# Import maps


def test_a_comment_at_the_top_maps_bare_specifiers(session: Connection) -> None:
    money = artifact(session, MONEY)
    text = (
        f'// plts-import-map: {{"money": "{money}"}}\n'
        'import { add } from "money"; export default () => add(1, 2)'
    )

    assert evaluate(session, "int", text) == 3


def test_a_plain_body_has_an_import_map_too(session: Connection) -> None:
    money = artifact(session, MONEY)
    text = (
        f'// plts-import-map: {{"money": "{money}"}}\n'
        'return (await import("money")).add(1, 2)'
    )

    assert evaluate(session, "int", text) == 3


def test_the_import_map_of_the_options_is_part_of_the_hash(session: Connection) -> None:
    text = 'import { add } from "money"; export default () => add(1, 2)'
    first = {"import_map": {"money": artifact(session, MONEY)}}
    other = {"import_map": {"money": data("export const add = (a, b) => a")}}

    hashes = {store(session, text, first), store(session, text, other)}

    assert len(hashes) == 2


def test_imports_and_their_targets_can_be_read_in_sql(session: Connection) -> None:
    money = artifact(session, MONEY)
    url = data(f"export * from '{money}'")
    text = f'import {{ add }} from "x"; import "{url}"; export default () => add(1, 2)'

    stored = store(session, text, {"import_map": {"x": money, "unused": "data:,"}})

    row = session.execute(
        "select imports, import_map from plts.artifact where artifact_hash = %s",
        [stored],
    ).fetchone()
    assert row == (sorted([money, url]), {"x": money})


def test_a_bare_specifier_without_a_map_is_refused(session: Connection) -> None:
    with refused("42P13") as refusal:
        evaluate(session, "int", 'import x from "lodash"; export default () => x')

    assert "TS2307" in refusal.message


def test_an_unfit_import_map_in_the_options_is_refused(session: Connection) -> None:
    with refused("22023"):
        store(session, "export default () => 1", {"import_map": {"x": "/etc/passwd"}})


# Pointers


def test_a_pointer_calls_any_callable_export(session: Connection) -> None:
    stored = store(
        session,
        'import { query } from "@stopgap/runtime";'
        "export const read = query((_, ctx) => ctx.db.mode);"
        "export function write(ctx: Ctx) { return ctx.db.mode }"
        "export const limit = 3;",
    )

    pointer(session, "read", stored, export="read")
    pointer(session, "write", stored, export="write")

    assert fetch(session, "select read('{}')") == "ro"
    assert fetch(session, "select write('{}')") == "rw"
    for absent in ("default", "limit", "nothing"):
        with refused("42883"):
            pointer(session, "f", stored, export=absent)


def test_a_pointer_repeats_the_import_map_of_its_artifact(session: Connection) -> None:
    import_map = {"money": artifact(session, MONEY)}
    text = 'import { add } from "money"; export default () => add(1, 2)'

    pointer(
        session,
        "f",
        store(session, text, {"import_map": import_map}),
        import_map=import_map,
    )

    assert fetch(session, "select f('{}')") == 3


def test_a_pointer_may_lead_elsewhere_where_the_types_fit(session: Connection) -> None:
    text = 'import { add } from "money"; export default () => add(1, 2)'
    stored = store(session, text, {"import_map": {"money": artifact(session, MONEY)}})
    dearer = artifact(session, "export const add = (a: number, b: number) => a + b + 1")
    other = artifact(session, "export const add = (a: string) => a")

    pointer(session, "plain", stored)
    pointer(session, "dearer", stored, import_map={"money": dearer})

    assert fetch(session, "select array[plain('{}'), dearer('{}')]") == [3, 4]
    with refused("42P13") as refusal:
        pointer(session, "f", stored, import_map={"money": other})
    assert "TS2554" in refusal.message


@pytest.mark.parametrize(
    ("import_map", "message"),
    [
        ({"other": data("")}, "does not import"),
        ({"money": "lodash"}, "neither"),
        ({"money": 1}, "not an object of strings"),
        ([], "not an object of strings"),
    ],
)
def test_a_pointers_import_map_holds_what_is_imported_and_no_more(
    session: Connection, import_map: object, message: str
) -> None:
    text = 'import { add } from "money"; export default () => add(1, 2)'
    stored = store(session, text, {"import_map": {"money": artifact(session, MONEY)}})

    with refused("42P13") as refusal:
        pointer(session, "f", stored, import_map=import_map)

    assert message in refusal.detail


def test_a_pointers_import_map_must_lead_to_what_exists(session: Connection) -> None:
    text = 'import { add } from "money"; export default () => add(1, 2)'
    stored = store(session, text, {"import_map": {"money": artifact(session, MONEY)}})

    with refused("42P13") as refusal:
        pointer(session, "f", stored, import_map={"money": f"plts+artifact:{MISSING}"})

    assert "does not exist" in refusal.message


# Evaluation


def test_a_module_is_evaluated_once_and_shared(session: Connection) -> None:
    counter = artifact(session, COUNTER)
    for name in ("first", "second"):
        define(session, f"{name}() returns int", counting(counter, name))

    assert fetch(session, "select array[first(), second(), first()]") == [1, 2, 3]


def test_roles_do_not_share_modules(author: Connection) -> None:
    counter = artifact(author, COUNTER)
    text = f'import {{ next }} from "{counter}"; export default () => next()'
    define(author, "f() returns int", text)
    fetch(author, "select f()")

    author.execute("set role test_author")

    assert fetch(author, "select f()") == 1


def test_a_shared_module_outlives_a_function_that_goes(session: Connection) -> None:
    counter = artifact(session, COUNTER)
    for name in ("first", "second"):
        define(session, f"{name}() returns int", counting(counter, name))
    fetch(session, "select array[first(), second()]")

    session.execute("drop function first()")

    assert fetch(session, "select second()") == 3


def test_functions_with_the_same_text_share_their_module(session: Connection) -> None:
    for name in ("first", "second"):
        define(
            session,
            f"{name}() returns int",
            "let calls = 0; export default () => ++calls",
        )
    values = fetch(session, "select array[first(), second()]")
    session.execute("drop function first()")

    assert [*values, fetch(session, "select second()")] == [1, 2, 3]


def test_a_module_goes_with_the_last_function_that_uses_it(session: Connection) -> None:
    counter = artifact(session, COUNTER)
    text = f'import {{ next }} from "{counter}"; export default () => next()'
    define(session, "f() returns int", text)
    first = fetch(session, "select f()")

    session.execute("drop function f()")
    define(session, "f() returns int", text)

    assert [first, fetch(session, "select f()")] == [1, 1]


def test_many_generations_of_a_module_cost_no_memory(session: Connection) -> None:
    """Each is an eighth of the heap: kept, they would exhaust it."""
    session.execute("set plts.max_heap_mb = 64")
    for generation in range(24):
        big = artifact(
            session,
            f"export const n = {generation}; const kept = Array(1e6).fill(n);"
            "export const size = () => kept.length;",
        )
        text = f'import {{ size }} from "{big}"; export default () => size()'
        define(session, "f() returns int", text)
        assert fetch(session, "select f()") == 1_000_000


def test_top_level_await_is_waited_for(session: Connection) -> None:
    slow = artifact(session, "export const n: number = await Promise.resolve(41)")
    text = (
        f'import {{ n }} from "{slow}"; const one = await Promise.resolve(1);'
        "export default () => n + one"
    )

    assert evaluate(session, "int", text) == 42
    assert evaluate(session, "int", f'return (await import("{slow}")).n + 1') == 42


def test_a_top_level_await_that_never_settles_names_its_module(
    session: Connection,
) -> None:
    stuck = artifact(session, "export const n: number = await new Promise(() => {})")
    text = f'import {{ n }} from "{stuck}"; export default () => n'
    shown = stuck.removeprefix("plts+artifact:")[:19]

    for _ in range(2):
        with refused("38000") as refusal:
            evaluate(session, "int", text)
        assert refusal.message == f"the top-level await of module {shown} never settles"
    with refused("38000") as refusal:
        evaluate(session, "int", "await new Promise(() => {}); export default () => 1")
    assert "top-level await of module evaluated_" in refusal.message


def test_a_dynamic_import_that_never_settles_is_an_error(session: Connection) -> None:
    stuck = artifact(session, "export const n: number = await new Promise(() => {})")

    with refused("38000") as refusal:
        evaluate(session, "int", f'return (await import("{stuck}")).n')

    assert "never settles" in refusal.message


def test_an_error_in_an_imported_module_names_its_place(session: Connection) -> None:
    failing = artifact(
        session,
        "interface X {}\n\nexport const fail = (x?: X): number => {\n"
        "  throw new RangeError(`no ${x}`);\n};\n",
    )
    define(
        session,
        "calls() returns int",
        f'import {{ fail }} from "{failing}";\nexport default () => fail()',
    )
    shown = failing.removeprefix("plts+artifact:")[:19]

    with refused("38000") as refusal:
        fetch(session, "select calls()")

    assert refusal.message == "no undefined"
    assert f"at fail ({shown}:4:9)" in refusal.context
    assert "at calls:2:22" in refusal.context


def test_an_error_in_a_data_url_names_it(session: Connection) -> None:
    url = "data:text/javascript,export const f = () => %7B throw new Error('x') %7D"

    with refused("38000") as refusal:
        evaluate(
            session, "int", f'import {{ f }} from "{url}"; export default () => f()'
        )

    assert "at f (data:text/javascript,export const f =" in refusal.context
    assert ":1:" in refusal.context


def test_a_failed_evaluation_is_discarded(session: Connection) -> None:
    moody = artifact(
        session,
        "if (Math.random() < 2) throw new TypeError('not today');\n"
        "export const n: number = 1;",
    )
    define(
        session,
        "f() returns int",
        f'import {{ n }} from "{moody}"; export default () => n',
    )

    for _ in range(3):
        with refused("38000") as refusal:
            fetch(session, "select f()")
        assert refusal.message == "not today"
        assert ":1:30" in refusal.context
    assert evaluate(session, "int", "return 1") == 1


def test_a_failed_dynamic_import_can_be_caught(session: Connection) -> None:
    failing = artifact(session, "export const n = 1; throw new TypeError('no')")
    text = (
        f'const load = () => import("{failing}")'
        '  .then(() => "loaded", (e) => e.message);'
        "return (await load()) + (await load())"
    )

    assert evaluate(session, "text", text) == "nono"


def test_an_artifact_that_is_gone_is_an_error_of_the_call(
    session: Connection, open_session: OpenSession
) -> None:
    money = artifact(session, MONEY + "// gone")
    define(
        session,
        "f() returns int",
        f'import {{ add }} from "{money}"; export default () => add(1, 2)',
    )
    session.execute(
        "delete from plts.artifact where artifact_hash = %s",
        [money.removeprefix("plts+artifact:")],
    )

    with refused("42704") as refusal:
        fetch(open_session(), "select f()")

    assert refusal.detail == "It is imported by f."


def test_modules_that_import_each_other_endlessly_cannot_be_made(
    session: Connection,
) -> None:
    """Even a pointer that leads an artifact to itself ends where hashes do."""
    text = 'import { n } from "x"; export { n }; export default () => n'
    stored = store(session, text, {"import_map": {"x": data("export const n = 7")}})

    pointer(session, "f", stored, import_map={"x": f"plts+artifact:{stored}"})

    assert fetch(session, "select f('{}')") == 7


def test_a_long_chain_of_imports_works(session: Connection) -> None:
    chain = artifact(session, "export const n: number = 0")
    for _ in range(100):
        chain = artifact(
            session,
            f'import {{ n as m }} from "{chain}"; export const n: number = m + 1',
        )

    text = f'import {{ n }} from "{chain}"; export default () => n'

    assert evaluate(session, "int", text) == 100


# Who may import


def test_who_may_not_read_artifacts_may_not_import_them(author: Connection) -> None:
    money = artifact(author, MONEY)
    author.execute("set role test_author")

    for text in (
        f'import {{ add }} from "{money}"; export default () => add(1, 2)',
        f'return (await import("{money}")).add(1, 2)',
        f'export {{ add as default }} from "{data(f"export * from {money!r}")}"',
    ):
        with refused("42501") as refusal:
            evaluate(author, "int", text)
        assert "SELECT on plts.artifact" in refusal.hint


def test_not_even_the_existence_of_an_artifact_is_told(author: Connection) -> None:
    author.execute("set role test_author")

    with refused("42501"):
        evaluate(
            author,
            "int",
            f'import x from "plts+artifact:{MISSING}"; export default () => x',
        )


def test_readers_of_artifacts_may_import_them(author: Connection) -> None:
    money = artifact(author, MONEY)
    author.execute("grant select on plts.artifact to test_author; set role test_author")

    text = f'import {{ add }} from "{money}"; export default () => add(1, 2)'

    assert evaluate(author, "int", text) == 3


def test_an_unchecked_body_imports_with_its_owners_rights(author: Connection) -> None:
    money = artifact(author, MONEY)
    author.execute("set check_function_bodies = off; set role test_author")
    text = f'import {{ add }} from "{money}"; export default () => add(1, 2)'
    define(author, "f() returns int", text)
    author.execute("reset role")

    with refused("42501"):
        fetch(author, "select f()")


def test_a_text_that_another_has_stored_is_no_way_around(author: Connection) -> None:
    money = artifact(author, MONEY)
    text = f'import {{ add }} from "{money}"; export default () => add(1, 2)'
    define(author, "mine() returns int", text)
    author.execute("set role test_author")

    with refused("42501"):
        define(author, "theirs() returns int", text)


def test_callers_need_no_right_to_what_a_function_imports(author: Connection) -> None:
    money = artifact(author, MONEY)
    text = f'import {{ add }} from "{money}"; export default () => add(1, 2)'
    define(author, "f() returns int", text)
    pointer(author, "p", store(author, text))
    author.execute("set role test_author")

    assert fetch(author, "select f()") == 3
    assert fetch(author, "select p('{}')") == 3


def test_a_pointer_leads_elsewhere_only_for_readers_of_artifacts(
    author: Connection,
) -> None:
    text = 'import { add } from "money"; export default () => add(1, 2)'
    stored = store(author, text, {"import_map": {"money": artifact(author, MONEY)}})
    author.execute("set role test_author")

    with refused("42501"):
        pointer(author, "f", stored, import_map={"money": data("export const add = 1")})


@pytest.mark.parametrize(
    "code",
    [
        "String(f)",
        "f.toString()",
        "Function.prototype.toString.call(f)",
        "`${f}`",
        "(class { secret() {} }).toString()",
        "({ secret() {} }).secret.toString()",
    ],
)
def test_no_function_shows_its_text(session: Connection, code: str) -> None:
    secret = artifact(session, "export const f: () => string = () => 'secret'")
    text = f'import {{ f }} from "{secret}"; export default () => [f, {code}][1]'

    shown = evaluate(session, "text", text)

    assert "=>" not in shown
    assert "{ [native code] }" in shown
