"""Where an error says that it arose: the statement, the caret, the TypeScript line."""

from __future__ import annotations

import psycopg
import pytest

from tests.plts.support import Connection, Refusal, define, fetch, refused

# What fails, on the second line of a body: the SQLSTATE, the statement and position
# that the error must have, and code that awaits it or runs it at once.
PATHS = {
    "query": (
        "42703",
        ("select nothing from t where a = $1", 8),
        "await ctx.db.query('select nothing from t where a = $1', [1])",
    ),
    "exec": (
        "42P01",
        ("update nowhere set a = $1", 8),
        "await ctx.db.exec('update nowhere set a = $1', [1])",
    ),
    "syntax": (
        "42601",
        ("select $1::int form t", 21),
        "await ctx.db.query('select $1::int form t', [1])",
    ),
    "no parameters": (
        "42703",
        ("select nothing from t", 8),
        "await ctx.db.query('select nothing from t')",
    ),
    "second of two": (
        "42703",
        ("select 1; select nothing from t", 18),
        "await ctx.db.exec('select 1; select nothing from t')",
    ),
    "sync query": (
        "42703",
        ("select nothing from t where a = $1", 8),
        "ctx.db.sync.query('select nothing from t where a = $1', [1])",
    ),
    "sync exec": (
        "42883",
        ("select nosuch($1::int)", 8),
        "ctx.db.sync.exec('select nosuch($1::int)', [1])",
    ),
    "cursor": (
        "42703",
        ("select nothing, $1::int from t", 8),
        "for await (const _ of ctx.db.cursor('select nothing, $1::int from t', [1])) ;",
    ),
    "sync cursor": (
        "42703",
        ("select nothing, $1::int from t", 8),
        "for (const _ of ctx.db.sync.cursor('select nothing, $1::int from t', [1])) ;",
    ),
    "fetch": (
        "22012",
        None,
        "for await (const _ of ctx.db.cursor('select 1 / (2 - a) from "
        "generate_series(1, $1::int) a', [3], { fetchSize: 1 })) ;",
    ),
    "savepoint": (
        "42703",
        ("select nothing from t where a = $1", 8),
        "await ctx.db.savepoint(async (db) => { await db.query("
        "'select nothing from t where a = $1', [1]) })",
    ),
    "at run time": (
        "22012",
        None,
        "await ctx.db.query('select 1 / $1::int', [0])",
    ),
    "inner function": (
        "42703",
        ("(select 1 as one where missing > 0)", 24),
        "await ctx.db.query('select inner_plpgsql($1::int)', [0])",
    ),
    "parameter": (
        "22P02",
        None,
        "await ctx.db.query('select $1::uuid', ['no uuid'])",
    ),
    "number of parameters": (
        "42601",
        None,
        "ctx.db.sync.query('select $1::int', [])",
    ),
    "type of a parameter": (
        "42P18",
        None,
        "await ctx.db.query('select $1 is null', [1])",
    ),
    "row of the result": (
        "22003",
        None,
        "await ctx.db.query(\"select (repeat('9', 400) || '.5')::jsonb as huge\")",
    ),
}

OUTCOMES = {
    "uncaught": "{step}",
    "rethrown": "try {{ {step} }} catch (error) {{ throw error }}",
}

CALLERS = {
    "client": "select fails()",
    "PL/pgSQL": "do $$ declare n int := 1; begin perform fails() where n = 1; end $$",
    "trigger": "insert into fires values (1)",
    "PL/TS": "select outer_ts(1)",
}


@pytest.fixture
def callers(session: Connection) -> Connection:
    """A session with what calls `fails()`."""
    session.execute(
        """
        create table t (a int);
        create table fires (a int);
        create function inner_plpgsql(n int) returns int language plpgsql as $$
        begin
            return (select 1 as one where missing > 0);
        end $$;
        create function fails() returns void language plpgsql as $$ begin end $$;
        create function fires() returns trigger language plpgsql as $$
        begin
            perform fails() where new.a = 1;
            return new;
        end $$;
        create trigger fires before insert on fires
            for each row execute function fires();
        """
    )
    session.execute("drop function fails()")
    define(
        session,
        "outer_ts(n int) returns void",
        "await ctx.db.query('select fails() where $1::int = 1', [n])",
    )
    return session


def statement_of(refusal: Refusal) -> tuple[str, int] | None:
    """Return QUERY and the position in it, if the error has them."""
    query = refusal.diagnostic.internal_query
    position = refusal.diagnostic.internal_position
    return None if query is None or position is None else (query, int(position))


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("outcome", OUTCOMES)
@pytest.mark.parametrize("path", PATHS)
def test_error_names_its_statement_and_its_line(
    callers: Connection, path: str, outcome: str, caller: str
) -> None:
    sqlstate, statement, step = PATHS[path]
    body = "const one = 1;\n" + OUTCOMES[outcome].format(step=step)
    define(callers, "fails() returns void", body)

    with refused(sqlstate) as refusal:
        callers.execute(CALLERS[caller].encode())

    lines = refusal.context.splitlines()
    titles = [i for i, line in enumerate(lines) if line.endswith('.fails"')]
    places = [i for i, line in enumerate(lines) if "fails:2:" in line]
    assert refusal.diagnostic.statement_position is None
    assert statement_of(refusal) == statement
    assert len(titles) == 1, lines
    assert places, lines
    # What it called comes before it, and what called it after.
    assert places[-1] == titles[0] - 1, lines
    assert places == list(range(places[0], titles[0])), lines
    calls = [i for i, line in enumerate(lines) if "fails()" in line]
    assert all(i > titles[0] for i in calls), lines
    assert len(calls) == (caller != "client"), lines


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("path", PATHS)
def test_cause_names_its_line(callers: Connection, path: str, caller: str) -> None:
    step = PATHS[path][2]
    body = (
        "const one = 1;\n"
        f"try {{ {step} }}\n"
        "catch (cause) { throw new Error('wrapped', { cause }) }"
    )
    define(callers, "fails() returns void", body)

    with refused("38000") as refusal:
        callers.execute(CALLERS[caller].encode())

    lines = refusal.context.splitlines()
    assert refusal.message == "wrapped"
    assert statement_of(refusal) is None
    assert "fails:3:" in lines[0]
    assert lines[1].startswith("caused by: SqlError: ")
    assert "fails:2:" in lines[2]


def test_error_at_commit_names_its_line(session: Connection) -> None:
    session.execute(
        "create table parent (id int primary key);"
        "create table child (p int references parent deferrable initially deferred)"
    )
    session.execute(
        b"create procedure commits() language plts as $$\n"
        b"await ctx.db.exec('insert into child values ($1)', [1]);\n"
        b"ctx.db.commit()$$"
    )

    with refused("23503") as refusal:
        session.execute("call commits()")

    lines = refusal.context.splitlines()
    assert "commits:3:8" in lines[0]
    assert lines[1].endswith('commits"')


def test_lines_are_of_each_function_on_the_way(session: Connection) -> None:
    define(
        session,
        "deep(n int) returns int strict",
        "if (n === 0) ctx.db.sync.query('select 1 / $1::int', [0]);\n"
        "const [row] = await ctx.db.query<any>('select deep($1) as d', [n - 1]);\n"
        "return row.d",
    )

    with refused("22012") as refusal:
        fetch(session, "select deep(2)")

    schema = fetch(session, "select current_schema()")
    title = f'PL/TS function "{schema}.deep"'
    statement = 'SQL statement "select deep($1) as d"'
    assert refusal.context.splitlines() == [
        'SQL statement "select 1 / $1::int"',
        "at deep:1:26",
        title,
        statement,
        "at async deep:2:15",
        title,
        statement,
        "at async deep:2:15",
        title,
    ]


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (
            "const inner = async (n: number) => {\n"
            "  await ctx.db.query('select 1 / $1::int', [n]);\n"
            "};\n"
            "await inner(0)",
            ["at async inner (where:2:3)", "at async where:4:1"],
        ),
        (
            "const all = [1, 0].map((n) => ctx.db.query('select 1 / $1::int', [n]));\n"
            "await Promise.all(all)",
            ["at async where:2:1"],
        ),
        (
            "await null;\nawait ctx.db.query('select 1 / $1::int', [0])\n"
            "  .then((rows) => rows.length)",
            ["at async where:2:1"],
        ),
        (
            "try { await ctx.db.exec('select 1 / $1::int', [0]) }\n"
            "finally { await ctx.db.exec('select 1') }",
            ["at async where:1:7"],
        ),
    ],
)
def test_line_is_the_one_that_awaits(
    session: Connection, body: str, place: list[str]
) -> None:
    define(session, "where() returns void".replace("where", '"where"'), body)

    with refused("22012") as refusal:
        session.execute('select "where"()')

    lines = refusal.context.splitlines()
    assert [line for line in lines if line.startswith("at ")] == place


def test_caught_errors_still_are_ones(session: Connection) -> None:
    body = (
        "const seen: string[] = [];\n"
        "for (const n of [0, 1, 0]) {\n"
        "  try { await ctx.db.query('select 1 / $1::int', [n]); seen.push('ok') }\n"
        "  catch (error: any) { seen.push(error.code, error.constructor.name) }\n"
        "}\n"
        "return seen"
    )
    define(session, "caught() returns text[]", body)

    assert fetch(session, "select caught()") == [
        *("22012", "SqlError"),
        "ok",
        *("22012", "SqlError"),
    ]


class TestTypeErrors:
    """A body that does not compile: the function is named, the caret is exact."""

    BODY = "const n: number = 1;\n  return n.lenght"

    def create(self, name: str) -> str:
        """Return the statement that is refused."""
        return f"create function {name}() returns int language plts as $${self.BODY}$$"

    def test_create_function_names_it(self, session: Connection) -> None:
        statement = self.create('"Odd name"')
        schema = fetch(session, "select current_schema()")

        with refused("42P13") as refusal:
            session.execute(statement.encode())

        position = int(refusal.diagnostic.statement_position or 0)
        assert statement[position - 1 :] == "lenght$$"
        assert refusal.context == (f'compilation of PL/TS function "{schema}.Odd name"')
        assert "lenght" in refusal.message

    def test_one_of_many_in_a_script(self, session: Connection) -> None:
        good = self.create("good").replace("lenght", "valueOf()")
        script = f"{good}; {self.create('bad')}"

        with refused("42P13") as refusal:
            session.execute(script.encode())

        position = int(refusal.diagnostic.statement_position or 0)
        assert script[position - 1 :] == "lenght$$"
        assert refusal.context.endswith('.bad"')

    def test_under_plpgsql(self, session: Connection) -> None:
        statement = self.create("nested")

        with refused("42P13") as refusal:
            session.execute(f"do $do$ begin {statement}; end $do$".encode())

        lines = refusal.context.splitlines()
        assert lines[0].startswith("compilation of PL/TS function")
        assert lines[-1].startswith("PL/pgSQL function inline_code_block")
        assert refusal.diagnostic.internal_query == statement
        assert refusal.diagnostic.statement_position is None

    def test_what_is_compiled_at_its_first_call(self, session: Connection) -> None:
        session.execute("set check_function_bodies = off")
        session.execute(self.create("unchecked").encode())

        with refused("42P13") as refusal:
            session.execute("select unchecked()")

        assert refusal.context.startswith("compilation of PL/TS function")
        assert '.unchecked"' in refusal.context
        assert refusal.diagnostic.statement_position is None

    def test_block(self, session: Connection) -> None:
        statement = f"do language plts $${self.BODY}$$"

        with refused("42P13") as refusal:
            session.execute(statement.encode())

        position = int(refusal.diagnostic.statement_position or 0)
        assert statement[position - 1 :].startswith("lenght")
        assert refusal.context == "compilation of PL/TS anonymous code block"

    def test_a_signature_that_cannot_be_is_named_too(self, session: Connection) -> None:
        with pytest.raises(psycopg.Error) as refusal:
            session.execute(
                "create function odd(x internal) returns int language plts "
                "as 'return 1'"
            )

        assert '.odd"' in (refusal.value.diag.context or "")
