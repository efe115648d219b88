"""Print the SQL that makes a schema hold the functions of a folder, one file each.

A file's name is the function's name, its text is the function's body as it stands:

    python examples/shop/load.py v1 | psql

Functions of the schema that the folder could have, and does not, are dropped: those in
plts that take one jsonb and return jsonb. Others, such as triggers, stay. Nothing is
deployed: that is what `stopgap deploy --from-schema shop_src` does afterwards.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

SHOP = Path(__file__).resolve().parent


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One TypeScript function: its name and its text."""

    name: str
    text: str


def read_folder(folder: Path) -> list[SourceFile]:
    """Read every TypeScript file of the folder, in the order of their names."""
    return [
        SourceFile(path.stem, path.read_text(encoding="utf-8"))
        for path in sorted(folder.glob("*.ts"))
    ]


def script(
    files: Iterable[SourceFile], *, schema: str, check: bool = True, prune: bool = True
) -> str:
    """Return the whole script, one transaction."""
    files = list(files)
    return "\n".join(_statements(files, schema=schema, check=check, prune=prune))


def create_function(file: SourceFile, *, schema: str) -> str:
    """Return the statement that creates the function of one file.

    The body begins right behind the quote, so that line numbers are those of the file.
    """
    quote = _dollar_quote(file.text)
    return (
        f"create or replace function {_identifier(schema)}.{_identifier(file.name)}"
        f"(args jsonb) returns jsonb\n"
        f"language plts as {quote}{file.text}{quote};"
    )


def _statements(
    files: list[SourceFile], *, schema: str, check: bool, prune: bool
) -> Iterator[str]:
    yield "begin;"
    # Otherwise «already exists, skipping» at every load but the first.
    yield "set local client_min_messages = warning;"
    yield f"create schema if not exists {_identifier(schema)};"
    yield f"grant usage on schema {_identifier(schema)} to stopgap_deployer;"
    if not check:
        yield "set local check_function_bodies = off;"
    if prune:
        yield _drop_others([file.name for file in files], schema=schema)
    for file in files:
        yield create_function(file, schema=schema)
    yield "commit;\n"


def _drop_others(names: list[str], *, schema: str) -> str:
    kept = ", ".join(_literal(name) for name in names)
    return (
        "do $drop$\n"
        "declare stale regprocedure;\n"
        "begin\n"
        "  for stale in\n"
        "    select p.oid from pg_catalog.pg_proc as p\n"
        f"    where p.pronamespace = {_literal(_identifier(schema))}::regnamespace\n"
        f"      and not p.proname = any (array[{kept}]::name[])\n"
        "      and p.prokind = 'f'\n"
        "      and p.prorettype = 'pg_catalog.jsonb'::regtype\n"
        "      and p.proargtypes = array['pg_catalog.jsonb'::regtype]::oidvector\n"
        "      and p.prolang = (\n"
        "        select l.oid from pg_catalog.pg_language as l\n"
        "        where l.lanname = 'plts'\n"
        "      )\n"
        "  loop\n"
        "    execute format('drop function %s', stale);\n"
        "  end loop;\n"
        "end\n"
        "$drop$;"
    )


def _dollar_quote(text: str) -> str:
    """Return a dollar quote that the text does not contain."""
    tag, number = "$ts$", 0
    while tag in text:
        number += 1
        tag = f"$ts{number}$"
    return tag


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def main(arguments: list[str] | None = None) -> int:
    """Print the script for the folder named on the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", help="a folder of .ts files: v1, v2, or any path")
    parser.add_argument("--schema", default="shop_src", help="default: %(default)s")
    parser.add_argument(
        "--no-check",
        action="store_true",
        help="set check_function_bodies off: CREATE FUNCTION takes bodies unseen",
    )
    parser.add_argument(
        "--keep",
        action="store_true",
        help="keep functions of the schema that the folder does not have",
    )
    options = parser.parse_args(arguments)
    folder = Path(options.folder)
    if not folder.is_dir():
        folder = SHOP / options.folder
    files = read_folder(folder)
    if not files:
        parser.error(f"there are no .ts files in {options.folder}")
    sys.stdout.write(
        script(
            files,
            schema=options.schema,
            check=not options.no_check,
            prune=not options.keep,
        )
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
