"""Dumps and restores of databases full of plts functions and artifacts."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from stopgap.server import Tree
from tests.fixtures.cluster import Connect, RunningCluster
from tests.plts.support import Connection, define, fetch

Run = Callable[..., str]

# Functions where a dump has to load data through them, or needs them to be there.
CONTENT = """
create schema app;
create function app.double(n int) returns int
    language plts immutable strict as 'return n * 2';
create function app.is_odd(n int) returns boolean
    language plts immutable strict as 'return n % 2 === 1';
create function app.slug(label text) returns text language plts immutable strict
    set plts.max_runtime_ms = 60000
    as 'export default (ctx: Ctx<{ label: string }>) => ctx.args.label.toLowerCase()';
create function app.next() returns int language plts
    as 'return 100 + ctx.db.sync.query("select 1").length';
create domain app.odd as int check (app.is_odd(value));
create table app.item (
    id int primary key default app.next(),
    n app.odd not null,
    label text check (app.slug(label) <> 'forbidden'),
    twice int generated always as (app.double(n)) stored
);
create unique index item_slug on app.item (app.slug(label)) where app.is_odd(id);
create view app.shown as select id, app.double(n) as twice from app.item;
create materialized view app.kept as select sum(app.double(n)) as total from app.item;
alter table app.item enable row level security;
create policy odd_ones on app.item using (app.is_odd(id));
insert into app.item (id, n, label) values (1, 1, 'One'), (2, 3, 'Two');
insert into app.item (n, label) values (5, 'Three');
refresh materialized view app.kept;
"""
QUESTIONS = [
    "select json_agg(t order by id) from app.item as t",
    "select json_agg(t order by id) from app.shown as t",
    "select total from app.kept",
    "select app.next()",
    "select app.pointed('{\"a\": 1}')",
    "select string_agg(artifact_hash || compiled_js || created_at, ',' order by 1)"
    " from plts.artifact",
]


@pytest.fixture
def run(tree: Tree) -> Run:
    """Runs a client program of PostgreSQL and returns what it prints."""

    def run_program(program: str, *arguments: str) -> str:
        command = [tree.program(program), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run_program


@pytest.fixture
def full(connection: Connection) -> Connection:
    """A database with plts functions wherever a function can be."""
    connection.execute(CONTENT.encode())
    source = "export default (ctx: Ctx) => ctx.args"
    stored = fetch(connection, "select plts.compile_and_store(%s)", [source])
    pointer = (
        f'{{"plts":1,"kind":"artifact_ptr","artifact_hash":"{stored}",'
        '"export":"default","mode":"stopgap_deployed"}'
    )
    connection.execute(
        "create function app.pointed(args jsonb) returns jsonb language plts as "
        f"'{pointer}'".encode()
    )
    return connection


def answers(connection: Connection) -> list[object]:
    return [fetch(connection, question) for question in QUESTIONS]


WAYS = {
    "plain": (["--format=plain"], None),
    "inserts": (["--format=plain", "--inserts"], None),
    "rows per insert": (["--format=plain", "--rows-per-insert=2"], None),
    "custom in parallel": (["--format=custom"], ["--jobs=2"]),
    "custom in one transaction": (["--format=custom"], ["--single-transaction"]),
    "directory": (["--format=directory", "--jobs=2"], ["--jobs=2"]),
}


def test_what_a_trigger_stores_can_be_restored(
    connection: Connection, cluster: RunningCluster, run: Run, tmp_path: Path
) -> None:
    connection.execute(
        "create type part as"
        " (code char(3)[], price numeric(5, 2)[], at timestamp(0)[]);"
        "create table kept (id int, tags varchar(2)[], flags bit(2)[], parts part[])"
    )
    define(
        connection,
        "fill() returns trigger",
        """
            const { new: row } = ctx.trigger;
            row.tags = ["ab  ", "c"];
            row.flags = ["01"];
            const at = ["2024-02-29 12:00:00.75"];
            row.parts = [{ code: ["x"], price: ["12.345"], at }];
        """,
    )
    connection.execute(
        "create trigger fill before insert on kept for each row execute function fill()"
    )
    connection.execute("insert into kept values (1)")
    stored = fetch(connection, "select kept::text from kept")
    file = str(tmp_path / "dump")
    run("pg_dump", f"--file={file}", cluster.dsn(connection.info.dbname))
    target = cluster.clone("template0")

    into = f"--dbname={cluster.dsn(target)}"
    run("psql", "--no-psqlrc", "--quiet", "-vON_ERROR_STOP=1", into, "-f", file)

    with cluster.connect(target) as restored:
        assert fetch(restored, "select kept::text from kept") == stored
    cluster.drop(target)


@pytest.mark.parametrize(("dump", "restore"), WAYS.values(), ids=WAYS.keys())
def test_a_dump_brings_everything_back(
    full: Connection,
    cluster: RunningCluster,
    run: Run,
    tmp_path: Path,
    dump: list[str],
    restore: list[str] | None,
) -> None:
    before = answers(full)
    file = str(tmp_path / "dump")
    run("pg_dump", *dump, f"--file={file}", cluster.dsn(full.info.dbname))
    target = cluster.clone("template0")

    into = f"--dbname={cluster.dsn(target)}"
    if restore is None:
        run("psql", "--no-psqlrc", "--quiet", "-vON_ERROR_STOP=1", into, "-f", file)
    else:
        run("pg_restore", "--exit-on-error", *restore, into, file)

    with cluster.connect(target) as restored:
        assert answers(restored) == before
        assert fetch(restored, "select plts.recompile()") == 0
    cluster.drop(target)


def test_data_alone_meets_what_the_validator_stored(
    connection: Connection, connect: Connect, cluster: RunningCluster, run: Run
) -> None:
    define(connection, "f() returns int", "return 1")
    connection.execute("select plts.compile_and_store('export default () => 2')")
    data = run("pg_dump", "--data-only", cluster.dsn(connection.info.dbname))
    target = cluster.clone()

    with cluster.connect(target) as restored:
        define(restored, "f() returns int", "return 1")
        into = f"--dbname={cluster.dsn(target)}"
        subprocess.run(
            [cluster.cluster.tree.program("psql"), "-qX", "-vON_ERROR_STOP=1", into],
            input=data,
            text=True,
            check=True,
        )
        assert fetch(restored, "select count(*) from plts.artifact") == 2
    cluster.drop(target)


def test_a_schema_without_data_runs_and_can_be_compiled(
    full: Connection, cluster: RunningCluster, run: Run, tmp_path: Path
) -> None:
    file = str(tmp_path / "schema.sql")
    run("pg_dump", "--schema-only", f"--file={file}", cluster.dsn(full.info.dbname))
    target = cluster.clone("template0")

    into = f"--dbname={cluster.dsn(target)}"
    run("psql", "--no-psqlrc", "--quiet", "-vON_ERROR_STOP=1", into, "-f", file)

    with cluster.connect(target) as restored:
        assert fetch(restored, "select count(*) from plts.artifact") == 0
        assert fetch(restored, "select app.double(21)") == 42
        assert fetch(restored, "select count(*) from plts.artifact") == 0
        assert fetch(restored, "select plts.recompile()") == 4
        assert fetch(restored, "select plts.recompile()") == 0
    cluster.drop(target)


def test_one_schema_can_be_moved(
    full: Connection, cluster: RunningCluster, run: Run, tmp_path: Path
) -> None:
    full.execute("drop function app.pointed(jsonb)")
    file = str(tmp_path / "app.sql")
    run("pg_dump", "--schema=app", f"--file={file}", cluster.dsn(full.info.dbname))
    target = cluster.clone()

    into = f"--dbname={cluster.dsn(target)}"
    run("psql", "--no-psqlrc", "--quiet", "-vON_ERROR_STOP=1", into, "-f", file)

    with cluster.connect(target) as restored:
        for question in QUESTIONS[:4]:
            assert fetch(restored, question) == fetch(full, question)
    cluster.drop(target)


def test_recompile_names_what_does_not_compile(connection: Connection) -> None:
    define(connection, "good() returns int", "return 1")
    connection.execute("delete from plts.artifact; set check_function_bodies = off")
    define(connection, "bad(n int) returns int", "return nowhere")
    notices: list[tuple[str | None, str | None]] = []
    connection.add_notice_handler(
        lambda each: notices.append((each.message_primary, each.message_detail))
    )

    assert fetch(connection, "select plts.recompile()") == 1

    assert notices == [
        (
            "function public.bad(integer) does not compile",
            "line 1, column 8: TS2304: Cannot find name 'nowhere'.",
        )
    ]


def test_a_database_made_from_a_template_runs_its_functions(
    full: Connection, cluster: RunningCluster
) -> None:
    before = answers(full)
    name = full.info.dbname
    full.close()

    copy = cluster.clone(name)

    with cluster.connect(copy) as copied:
        assert answers(copied) == before
    cluster.drop(copy)
