"""Another extension that starts V8 in the same session: refused, and never a crash."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from tests.fixtures.installation import Installation

# What V8 does where it is started a second time is what this library does.
SOURCE = """
#include <postgres.h>
#include <fmgr.h>
#include <stdlib.h>
PG_MODULE_MAGIC;
extern __attribute__((visibility("default"))) void _PG_init(void);
void _PG_init(void) { if (ABORTS) abort(); }
"""

Build = Callable[[str, bool], Path]


@pytest.fixture(scope="module")
def build(
    tmp_path_factory: pytest.TempPathFactory, installation: Installation
) -> Build:
    """Build a library under the name that plv8's has."""
    folder = tmp_path_factory.mktemp("other-v8")
    for parent in (folder, folder.parent, folder.parent.parent):
        parent.chmod(parent.stat().st_mode | 0o055)
    (folder / "plv8.c").write_text(SOURCE)

    def build(name: str, aborts: bool) -> Path:
        headers = subprocess.run(
            [installation.pg_config, "--includedir-server"],
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()
        library = folder / name
        compiler = ["gcc", "-shared", "-fPIC", f"-I{headers}", f"-DABORTS={aborts:d}"]
        subprocess.run(
            [*compiler, str(folder / "plv8.c"), "-o", str(library)], check=True
        )
        library.chmod(0o755)
        return library

    return build


def test_a_session_that_has_loaded_plv8_gets_an_error(
    plain_database: str, build: Build
) -> None:
    library = build("plv8-3.2.2.so", False)
    with psycopg.connect(plain_database, autocommit=True) as connection:
        connection.execute(
            "create function one() returns int language plts as 'return 1'"
        )
    with psycopg.connect(plain_database, autocommit=True) as connection:
        connection.execute(f"load '{library}'")

        with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState) as refusal:
            connection.execute("select one()")

        assert "plv8-3.2.2.so" in str(refusal.value.diag.message_primary)
        assert refusal.value.diag.message_hint
        assert connection.execute("select 1").fetchone() == (1,)


def test_plv8_loaded_after_plts_ends_its_session_only(
    plain_database: str, build: Build
) -> None:
    library = build("plv8-3.2.3.so", True)
    with (
        psycopg.connect(plain_database, autocommit=True) as bystander,
        psycopg.connect(plain_database, autocommit=True) as connection,
    ):
        connection.execute(
            "create function one() returns int language plts as 'return 1'"
        )
        assert connection.execute("select one()").fetchone() == (1,)

        with pytest.raises(psycopg.Error) as ending:
            connection.execute(f"load '{library}'")

        assert ending.value.sqlstate == "55000"
        assert connection.broken
        assert bystander.execute("select 1").fetchone() == (1,)
