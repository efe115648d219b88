"""The loader: one CREATE FUNCTION a file, and nothing else left in the schema."""

from __future__ import annotations

import subprocess
import sys

import psycopg
import pytest

from examples.shop.load import SHOP, SourceFile, create_function, read_folder, script
from tests.examples.loading import load

Connection = psycopg.Connection[tuple[object, ...]]


def names(folder: str) -> set[str]:
    return {file.name for file in read_folder(SHOP / folder)}


def functions(session: Connection) -> set[object]:
    rows = session.execute(
        "select proname::text from pg_catalog.pg_proc"
        " where pronamespace = 'shop_src'::regnamespace"
    )
    return {name for (name,) in rows}


def test_a_file_is_the_body_as_it_stands() -> None:
    file = SourceFile("twice", "export default () => 2;\n")

    statement = create_function(file, schema="shop_src")

    assert statement.endswith("as $ts$export default () => 2;\n$ts$;")


def test_a_body_with_the_quote_in_it_gets_another_quote() -> None:
    file = SourceFile("odd", "// $ts$ and $ts1$\n")

    statement = create_function(file, schema="shop_src")

    assert statement.endswith("as $ts2$// $ts$ and $ts1$\n$ts2$;")


def test_the_command_prints_the_script() -> None:
    command = [sys.executable, str(SHOP / "load.py"), "v1", "--no-check"]

    printed = subprocess.run(command, capture_output=True, text=True, check=True)

    assert printed.stdout == script(
        read_folder(SHOP / "v1"), schema="shop_src", check=False
    )


def test_a_folder_without_functions_is_refused() -> None:
    command = [sys.executable, str(SHOP / "load.py"), "no_such_folder"]

    result = subprocess.run(command, capture_output=True, text=True, check=False)

    assert result.returncode == 2
    assert "no .ts files in no_such_folder" in result.stderr


def test_version_2_changes_three_functions_adds_one_and_drops_one() -> None:
    first, second = (
        {file.name: file.text for file in read_folder(SHOP / folder)}
        for folder in ("v1", "v2")
    )

    assert second.keys() - first.keys() == {"sales_by_month"}
    assert first.keys() - second.keys() == {"low_stock"}
    assert {name for name in first.keys() & second if first[name] != second[name]} == {
        "place_order",
        "search_products",
        "shipping_quote",
    }


@pytest.mark.parametrize("folder", ["v1", "v2"])
def test_every_function_passes_the_type_check(shop: Connection, folder: str) -> None:
    load(shop, folder)

    assert functions(shop) == names(folder)


def test_loading_another_version_drops_what_it_lacks(shop: Connection) -> None:
    load(shop, "v1")

    load(shop, "v2")

    assert functions(shop) == names("v2")


def test_the_broken_function_is_refused_at_its_line(shop: Connection) -> None:
    (file,) = read_folder(SHOP / "broken")
    statement = create_function(file, schema="shop")

    with pytest.raises(psycopg.errors.InvalidFunctionDefinition) as refused:
        shop.execute(statement.encode())

    position = int(refused.value.diag.statement_position or 0)
    assert "not assignable to type 'number'" in (
        refused.value.diag.message_primary or ""
    )
    assert statement[position - 1 :].startswith("return `${base")


def test_what_is_not_of_the_folder_stays(connection: Connection) -> None:
    load(connection, "v1")
    connection.execute(
        "create function shop_src.audited() returns trigger language plts as"
        " 'export default () => {};';"
        "create table shop_src.kept (n integer);"
        "create trigger audits before insert on shop_src.kept"
        " for each row execute function shop_src.audited();"
        "create procedure shop_src.tidy() language sql as '';"
        "create function shop_src.stale(args jsonb) returns jsonb language plts as"
        " 'export default () => 1;'"
    )

    load(connection, "v1")

    assert functions(connection) == names("v1") | {"audited", "tidy"}
