"""Window functions: ctx.window."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fixtures.cluster import RunningCluster
from tests.plts.support import Connection, define, fetch, refused


def over(
    connection: Connection,
    body: str,
    window: str = "order by n",
    *,
    parameters: str = "v int",
    arguments: str = "n",
    returns: str = "text",
    source: str = "generate_series(1, 5) as n",
) -> list[Any]:
    """Run a body as a window function over rows and return its results in order."""
    connection.execute("drop function if exists windowed")
    define(connection, f"windowed({parameters}) returns {returns} window", body)
    statement = (
        f"select windowed({arguments}) over w from {source} window w as ({window})"
    )
    return [row[0] for row in connection.execute(statement.encode()).fetchall()]


@pytest.mark.parametrize(
    ("body", "results"),
    [
        ("return `${ctx.window.position}`", ["0", "1", "2", "3", "4"]),
        ("return `${ctx.window.rowCount}`", ["5"] * 5),
        ("return `${v}`", ["1", "2", "3", "4", "5"]),
        ("return `${ctx.args.v}${ctx.args[0]}`", ["11", "22", "33", "44", "55"]),
        ("return `${ctx.window.arg(0)}`", ["1", "2", "3", "4", "5"]),
        (
            "const w = ctx.window; return `${w.argInPartition(0, -1).value}`",
            ["null", "1", "2", "3", "4"],
        ),
        (
            "const w = ctx.window; return `${w.argInPartition(0, 1, 'head').value}`",
            ["2"] * 5,
        ),
        (
            "const w = ctx.window; return `${w.argInPartition(0, -1, 'tail').value}`",
            ["4"] * 5,
        ),
        (
            "const { value, isNull, isOut } = ctx.window.argInPartition(0, 2);"
            "return `${value} ${isNull} ${isOut}`",
            [
                "3 false false",
                "4 false false",
                "5 false false",
                "null true true",
                "null true true",
            ],
        ),
        (
            "const w = ctx.window;"
            "return `${w.argInPartition(0, 0, 'current', { mark: true }).value}`",
            ["1", "2", "3", "4", "5"],
        ),
        (
            "ctx.window.setMark(ctx.window.position); return `${v}`",
            ["1", "2", "3", "4", "5"],
        ),
        (
            "export default (ctx: WindowCtx<{ v: number }>) => "
            "`${ctx.window.position}${ctx.args.v}`",
            ["01", "12", "23", "34", "45"],
        ),
        (
            "const before = ctx.window.position; await null;"
            "await ctx.db.query('select 1'); return `${before}${ctx.window.position}`",
            ["00", "11", "22", "33", "44"],
        ),
    ],
)
def test_ctx_window(shared: Connection, body: str, results: list[str]) -> None:
    assert over(shared, body) == results


@pytest.mark.parametrize(
    ("frame", "results"),
    [
        (
            "rows between 1 preceding and 1 following",
            ["1-2", "1-3", "2-4", "3-5", "4-5"],
        ),
        (
            "rows between current row and unbounded following",
            [f"{n}-5" for n in range(1, 6)],
        ),
        (
            "range between unbounded preceding and current row",
            [f"1-{n}" for n in range(1, 6)],
        ),
        ("rows between 2 following and 3 following", ["3-4", "4-5", "5-5", "-", "-"]),
        (
            "rows between unbounded preceding and unbounded following "
            "exclude current row",
            ["2-5", "1-5", "1-5", "1-5", "1-4"],
        ),
    ],
)
def test_the_frame(shared: Connection, frame: str, results: list[str]) -> None:
    body = (
        "const first = ctx.window.argInFrame<number>(0, 0, 'head');"
        "const last = ctx.window.argInFrame<number>(0, 0, 'tail');"
        "return first.isOut ? '-' : `${first.value}-${last.value}`"
    )

    assert over(shared, body, f"order by n {frame}") == results


def test_null_and_out_are_told_apart(shared: Connection) -> None:
    body = (
        "const { isNull, isOut } = ctx.window.argInPartition(0, 1);"
        "return `${v} ${isNull} ${isOut}`"
    )

    assert over(
        shared, body, arguments="nullif(n, 2)", source="generate_series(1, 3) n"
    ) == [
        "1 true false",
        "null false false",
        "3 true true",
    ]


def test_peers(shared: Connection) -> None:
    body = (
        "const { position, rowCount } = ctx.window;"
        "return Array.from({ length: rowCount }, (_, i) =>"
        " ctx.window.arePeers(position, i) ? 'p' : '.').join('')"
    )

    assert over(
        shared, body, "order by n / 2", source="generate_series(1, 4) as n"
    ) == [
        "p...",
        ".pp.",
        ".pp.",
        "...p",
    ]


def test_each_partition_is_one_of_its_own(shared: Connection) -> None:
    body = "return `${ctx.window.position}/${ctx.window.rowCount}`"

    assert over(shared, body, "partition by n % 2 order by n") == [
        "0/2",
        "1/2",
        "0/3",
        "1/3",
        "2/3",
    ]


def test_arguments_of_several_types(shared: Connection) -> None:
    body = (
        "const w = ctx.window;"
        "return `${a} ${w.arg(1)} ${w.argInPartition<any>(2, 0).value.length}`"
    )

    assert over(
        shared,
        body,
        parameters="a bigint, b text, c int[]",
        arguments="n, 't' || n, array[n, n]",
        source="generate_series(1, 2) as n",
    ) == ["1 t1 2", "2 t2 2"]


def test_a_window_function_without_arguments(shared: Connection) -> None:
    assert over(
        shared,
        "return `${ctx.window.position}`",
        parameters="",
        arguments="",
        source="generate_series(1, 2) as n",
    ) == ["0", "1"]


def test_null_arguments_reach_a_strict_function(shared: Connection) -> None:
    shared.execute("drop function if exists windowed")
    define(
        shared,
        "windowed(v int) returns text strict window",
        "const seen: number | null = v; return `${seen}`",
    )

    assert fetch(shared, "select windowed(null) over ()") == "null"


# Partition-local storage


def test_local_is_kept_for_a_partition(shared: Connection) -> None:
    body = (
        "const w = ctx.window;"
        "w.local ??= { sum: 0, seen: [] as number[] };"
        "w.local.sum += v; w.local.seen.push(v);"
        "return `${w.local.sum} ${w.local.seen}`"
    )

    assert over(shared, body, "partition by n % 2 order by n") == [
        "2 2",
        "6 2,4",
        "1 1",
        "4 1,3",
        "9 1,3,5",
    ]


@pytest.mark.parametrize("value", ["0", "null", "''", "10n", "() => 5", "new Map()"])
def test_local_is_any_value(shared: Connection, value: str) -> None:
    body = (
        f"if (ctx.window.position === 0) ctx.window.local = {value};"
        "return typeof ctx.window.local + (ctx.window.local === undefined)"
    )

    first, second = over(shared, body, source="generate_series(1, 2) as n")

    assert first == second != "undefinedtrue"


def test_local_is_undefined_at_first(shared: Connection) -> None:
    body = "return `${ctx.window.local}`"

    assert over(shared, body, source="generate_series(1, 2) as n") == ["undefined"] * 2


def test_two_windows_have_storage_of_their_own(shared: Connection) -> None:
    shared.execute("drop function if exists windowed")
    define(
        shared,
        "windowed(v int) returns int window",
        "return (ctx.window.local = (ctx.window.local ?? 0) + v)",
    )

    rows = shared.execute(
        "select windowed(n) over a, windowed(n) over b, windowed(n * 10) over a "
        "from generate_series(1, 3) as n "
        "window a as (order by n), b as (order by n desc) order by n"
    ).fetchall()

    assert rows == [(1, 6, 10), (3, 5, 30), (6, 3, 60)]


def test_local_is_kept_where_each_call_has_a_context_of_its_own(
    shared: Connection,
) -> None:
    shared.execute("set plts.isolation = 'call'")

    try:
        results = over(
            shared,
            "const w = ctx.window; w.local ??= []; w.local.push(v);"
            "return `${w.local} ${Object.keys(globalThis).includes('x')}`",
            source="generate_series(1, 3) as n",
        )
    finally:
        shared.execute("reset plts.isolation")

    assert results == ["1 false", "1,2 false", "1,2,3 false"]


def test_local_is_let_go_with_its_partition(shared: Connection) -> None:
    body = (
        "ctx.window.local ??= new Uint8Array(4 << 20).fill(1);"
        "return `${ctx.window.local.length}`"
    )

    results = over(
        shared, body, "partition by n", source="generate_series(1, 200) as n"
    )

    assert results == [str(4 << 20)] * 200


def test_local_is_let_go_after_an_error(shared: Connection) -> None:
    body = (
        "ctx.window.local ??= new Uint8Array(64 << 20).fill(1);"
        "if (v === 3) throw new Error('three'); return ''"
    )

    for _ in range(10):
        with refused("38000"):
            over(shared, body)

    assert fetch(shared, "select 1") == 1


def test_local_is_not_given_to_another_role(shared: Connection) -> None:
    shared.execute("drop role if exists window_tester")
    shared.execute("create role window_tester")
    shared.execute("drop function if exists windowed")
    define(
        shared,
        "windowed(v int) returns text window",
        "const was = ctx.window.local; ctx.window.local = 'kept'; return was ?? 'none'",
    )

    with refused("42501"), shared.transaction():
        shared.execute(
            "declare c cursor for select windowed(n) over (order by n) "
            "from generate_series(1, 3) as n"
        )
        assert fetch(shared, "fetch c") == "none"
        assert fetch(shared, "fetch c") == "kept"
        shared.execute("set local role window_tester")
        shared.execute("fetch c")

    shared.execute("drop role window_tester")


def test_local_that_was_lost_with_the_memory_is_an_error(
    cluster: RunningCluster, shared_database: str
) -> None:
    with cluster.connect(shared_database) as session:
        session.execute("drop function if exists windowed")
        define(
            session,
            "windowed(v int) returns text window",
            "const was = ctx.window.local; ctx.window.local = 'kept';"
            "return was ?? 'none'",
        )
        define(
            session,
            "exhaust() returns void",
            "const kept: unknown[] = []; for (;;) kept.push(new Array(1e5).fill(1.5))",
        )
        with refused("53200") as refusal, session.transaction():
            session.execute(
                "declare c cursor for select windowed(n) over (order by n) "
                "from generate_series(1, 3) as n"
            )
            session.execute("fetch c")
            with refused("53200"), session.transaction():
                session.execute("select exhaust()")
            session.execute("fetch c")

        assert refusal.message == "what was kept in ctx.window.local is lost"


# What is refused


@pytest.mark.parametrize(
    ("body", "sqlstate"),
    [
        ("return `${ctx.window.arg(1)}`", "22023"),
        ("return `${ctx.window.arg(-1)}`", "22023"),
        ("return `${ctx.window.arg(0.5)}`", "22023"),
        ("return `${ctx.window.arg('0' as any)}`", "22023"),
        ("return `${ctx.window.argInPartition(7, 0)}`", "22023"),
        ("return `${ctx.window.argInPartition(0, 1e10)}`", "22023"),
        ("return `${ctx.window.argInPartition(0, NaN)}`", "22023"),
        ("return `${ctx.window.argInPartition(0, 0, 'end' as any)}`", "38000"),
        ("return `${ctx.window.argInPartition(0, 0, 'constructor' as any)}`", "38000"),
        ("return `${ctx.window.argInFrame(0, 0, 'current' as any)}`", "38000"),
        ("return `${ctx.window.arePeers(0, -1)}`", "22023"),
        ("ctx.window.setMark(-1); return ''", "22023"),
        ("(ctx.window as any).position = 1; return ''", "38000"),
    ],
)
def test_wrong_arguments_are_refused(
    shared: Connection, body: str, sqlstate: str
) -> None:
    with refused(sqlstate):
        over(shared, body)


@pytest.mark.parametrize(
    "body",
    [
        "if (v === 3) { ctx.window.setMark(2); ctx.window.argInPartition(0, -1) }",
        "ctx.window.setMark(3 - ctx.window.position)",
        "ctx.window.arePeers(0, 99)",
        "ctx.window.arePeers(0, 1e9)",
        "ctx.window.arePeers(7e15, 0)",
        "ctx.window.setMark(2); ctx.window.arePeers(0, 1)",
    ],
)
def test_rows_out_of_reach_end_the_function(shared: Connection, body: str) -> None:
    with refused("22023") as refusal:
        over(shared, f"try {{ {body} }} catch {{ return 'caught' }} return ''")

    assert "out of its reach" in refusal.message
    assert refusal.detail.startswith("PostgreSQL says: ")
    assert "rowCount" in refusal.hint
    assert fetch(shared, "select 1") == 1


def test_an_error_of_an_argument_elsewhere_ends_the_function(
    shared: Connection,
) -> None:
    with refused("22012"):
        over(
            shared,
            "try { ctx.window.argInPartition(0, 2) } catch { return 'caught' }"
            "return ''",
            arguments="1 / (n - 3)",
        )

    assert fetch(shared, "select 1") == 1


@pytest.mark.parametrize("use", ["kept.position", "kept.local", "kept.arg(0)"])
def test_a_window_works_during_its_own_call_only(shared: Connection, use: str) -> None:
    body = (
        "let kept: any; export default (ctx: WindowCtx) => {"
        f" if (kept) void {use}; kept = ctx.window; return '' }}"
    )

    with refused("55000"):
        over(shared, body)


def test_a_window_of_an_outer_call_is_refused(shared: Connection) -> None:
    body = (
        "const rows = await ctx.db.query<{ r: string }>"
        "('select windowed_inner(n) over () as r from generate_series(7, 7) as n');"
        "return `${ctx.window.arg(0)} ${rows[0]!.r}`"
    )
    shared.execute("drop function if exists windowed_inner")
    define(
        shared,
        "windowed_inner(v int) returns text window",
        "return `${ctx.window.arg(0)} of ${ctx.window.rowCount}`",
    )

    assert over(shared, body, source="generate_series(1, 2) as n") == [
        "1 7 of 1",
        "2 7 of 1",
    ]


def test_a_window_function_needs_over(shared: Connection) -> None:
    shared.execute("drop function if exists windowed")
    define(shared, "windowed(v int) returns int window", "return v")

    with refused("42809"):
        shared.execute("select windowed(1)")


def test_types_of_ctx_window_are_checked(shared: Connection) -> None:
    for body in (
        "return ctx.window.argInFrame(0, 0, 'current').value",
        "return ctx.window.nothing",
        "ctx.window.position = 1; return 1",
        "return v.length",
    ):
        with refused("42P13"):
            define(shared, "typed_window(v int) returns int window", body)


def test_an_exception_names_the_function(shared: Connection) -> None:
    with refused("38000") as refusal:
        over(shared, "throw new Error('no')")

    assert 'PL/TS function "public.windowed"' in refusal.context


def test_a_statement_timeout_ends_a_window_function(shared: Connection) -> None:
    shared.execute("set statement_timeout = 100")

    with refused("57014"):
        over(shared, "for (;;) ctx.window.argInPartition(0, 0)")

    shared.execute("reset statement_timeout")
