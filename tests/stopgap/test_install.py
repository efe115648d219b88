"""The extension as it is installed: its objects, their properties, its loading."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

import stopgap
from stopgap import engine
from stopgap.server import Tree
from tests.fixtures.cluster import Connect, RunningCluster
from tests.stopgap.schema import Connection, deploy, rows, value, write

ROOT = Path(__file__).parents[2]


def test_all_versions_are_one() -> None:
    control = (ROOT / "stopgap" / "stopgap.control").read_text(encoding="utf-8")
    found = re.search(r"default_version = '(.*)'", control)

    assert found is not None
    assert {found.group(1), engine.__version__} == {stopgap.__version__}


def test_no_function_has_a_second_signature(connection: Connection) -> None:
    assert (
        rows(
            connection,
            "select proname from pg_proc where pronamespace = 'stopgap'::regnamespace"
            " group by proname having count(*) > 1",
        )
        == []
    )


def test_every_function_pins_its_search_path(connection: Connection) -> None:
    found = rows(
        connection,
        "select distinct proconfig, proisstrict, proparallel::text from pg_proc"
        " where pronamespace = 'stopgap'::regnamespace",
    )

    assert {(settings[0], *others) for settings, *others in found} == {
        ("search_path=pg_catalog, pg_temp", False, "u")
    }


def test_every_function_of_the_engine_pins_how_its_sql_is_read(
    connection: Connection,
) -> None:
    assert rows(
        connection,
        "select distinct proconfig from pg_proc join pg_language l on l.oid = prolang"
        " where pronamespace = 'stopgap'::regnamespace and lanname = 'plpython3u'",
    ) == [
        (
            [
                "search_path=pg_catalog, pg_temp",
                "standard_conforming_strings=on",
                "quote_all_identifiers=off",
            ],
        )
    ]


def test_every_object_has_a_comment(connection: Connection) -> None:
    undocumented = rows(
        connection,
        "select pg_describe_object(d.classid, d.objid, 0) from pg_extension as x"
        " join pg_depend as d on d.refobjid = x.oid and d.deptype = 'e'"
        " left join pg_class as c on c.oid = d.objid"
        " and d.classid = 'pg_class'::regclass"
        " where x.extname = 'stopgap' and d.classid <> 'pg_type'::regclass"
        " and coalesce(c.relkind, 'f') <> 'S'"
        " and obj_description(d.objid, d.classid::regclass::text::name) is null"
        " union all select attrelid::regclass || '.' || attname from pg_attribute"
        " join pg_class as c on c.oid = attrelid"
        " where relnamespace = 'stopgap'::regnamespace and relkind = 'r' and attnum > 0"
        " and col_description(attrelid, attnum) is null",
    )

    assert undocumented == []


def test_the_script_is_no_script_for_psql(tree: Tree, cluster: RunningCluster) -> None:
    script = tree.share / "extension" / f"stopgap--{stopgap.__version__}.sql"

    first, second = script.read_text(encoding="utf-8").splitlines()[:2]

    assert first.startswith("--")
    assert second.startswith("\\echo")
    assert second.endswith("\\quit")


def test_the_engine_leaves_the_interpreter_as_it_was(connection: Connection) -> None:
    connection.execute(
        "create function public.interpreter() returns text[] language plpython3u as"
        " 'import sys; return sys.path + [m for m in sys.modules if \"stopgap\" in m]'"
    )
    before = value(connection, "select public.interpreter()")

    value(connection, "select stopgap.version()")

    added = set(value(connection, "select public.interpreter()")) - set(before)
    assert "_stopgap_engine_0_2_0.server" in added
    assert all(each.startswith("_stopgap_engine_0_2_0") for each in added)


@pytest.mark.parametrize("env", ["nowhere", ""], ids=["answered", "refused"])
@pytest.mark.parametrize("switch", ["enable", "disable"])
def test_a_verb_leaves_the_collector_of_cycles_as_it_was(
    connection: Connection, env: str, switch: str
) -> None:
    connection.execute(
        "create function public.collects() returns boolean language plpython3u as"
        " 'import gc; return gc.isenabled()'"
    )
    connection.execute(f"do 'import gc; gc.{switch}()' language plpython3u".encode())

    with suppress(psycopg.Error):
        value(connection, "select stopgap.status(%s)", env)

    assert value(connection, "select public.collects()") is (switch == "enable")


def test_a_missing_engine_is_told(connection: Connection) -> None:
    connection.execute(
        "create or replace function plts.library_directory() returns text"
        " language sql as $$select '/nowhere'$$"
    )

    with pytest.raises(psycopg.Error, match="not installed") as error:
        value(connection, "select stopgap.version()")

    assert error.value.sqlstate == "58P01"
    assert error.value.diag.message_hint == (
        "Run make install for this version of stopgap."
    )
    assert error.value.diag.message_primary == (
        f"stopgap.version: the engine of stopgap {stopgap.__version__} is not installed"
    )


def test_an_engine_that_is_there_again_is_found(connection: Connection) -> None:
    folder = value(connection, "select plts.library_directory()")
    connection.execute(
        "create or replace function plts.library_directory() returns text"
        " language sql as $$select '/nowhere'$$"
    )
    with pytest.raises(psycopg.Error, match="not installed"):
        deploy(connection)

    connection.execute(
        "create or replace function plts.library_directory() returns text"
        f" language sql as $$select '{folder}'$$".encode()
    )

    assert value(connection, "select stopgap.version()") == stopgap.__version__


def test_an_engine_that_cannot_be_looked_for_is_told_in_words(
    connection: Connection,
) -> None:
    connection.execute(
        "create or replace function plts.library_directory() returns text"
        " language plpgsql as $$begin raise exception 'no disk'; end$$"
    )

    with pytest.raises(psycopg.Error) as error:
        deploy(connection)

    told = str(error.value.diag.message_primary)
    assert told.startswith("stopgap.deploy: the engine of stopgap ")
    assert told.endswith(" cannot be loaded: no disk")
    assert error.value.sqlstate == "P0001"


def test_a_catalog_of_another_version_than_the_server_has_is_told_to_be_updated(
    connection: Connection,
) -> None:
    # As of a version that is neither the server's nor the one before.
    connection.execute(
        "create or replace function plts.library_directory() returns text"
        " language sql as $$select '/nowhere'$$"
    )
    body = value(
        connection,
        "select pg_get_functiondef('stopgap.load_engine()'::regprocedure)",
    )
    connection.execute(body.replace(stopgap.__version__, "0.1.9").encode())
    connection.execute(
        value(
            connection,
            "select pg_get_functiondef('stopgap.version()'::regprocedure)",
        )
        .replace(stopgap.__version__, "0.1.9")
        .encode()
    )

    with pytest.raises(psycopg.Error, match=r"0\.1\.9 is not installed") as error:
        value(connection, "select stopgap.version()")

    assert "alter extension stopgap update" in str(error.value.diag.message_hint)


@pytest.mark.parametrize(
    "call", ["version()", "status('prod')", "deploy('prod', 'shop')", "metrics()"]
)
def test_the_catalog_of_the_previous_release_is_told_to_be_updated(
    connection: Connection, call: str
) -> None:
    connection.execute("drop extension stopgap; drop extension plts cascade")
    connection.execute("create extension plts version '0.1.0'")
    connection.execute("create extension stopgap version '0.1.0'")

    with pytest.raises(psycopg.Error, match="has not been updated") as error:
        value(connection, f"select stopgap.{call}")

    assert error.value.sqlstate == "58P01"
    assert "alter extension stopgap update" in str(error.value.diag.message_hint)
    connection.execute("alter extension plts update")
    connection.execute("alter extension stopgap update")
    assert value(connection, "select stopgap.version()") == stopgap.__version__


def test_live_functions_outlive_the_extension(
    connection: Connection, connect: Connect
) -> None:
    write(connection, "f", 1)
    deploy(connection)

    connection.execute("drop extension stopgap")
    assert value(connection, "select live_deployment.f('{}')") == 1
    connection.execute("create extension stopgap")
    write(connection, "f", 2)
    deploy(connect())

    assert value(connection, "select live_deployment.f('{}')") == 2


def test_the_engine_uses_the_standard_library_alone() -> None:
    imports = {
        line.split()[1].split(".")[0]
        for path in Path(engine.__file__).parent.rglob("*.py")
        for line in path.read_text(encoding="utf-8").splitlines()
        if re.match(r"(from|import) [a-z_]", line)
    }

    assert imports <= {
        "__future__",
        "collections",
        "contextlib",
        "difflib",
        "enum",
        "functools",
        "gc",
        "hashlib",
        "json",
        "operator",
        "os",
        "re",
        "struct",
        "time",
        "typing",
    }
