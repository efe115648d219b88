"""Startup snapshots: a missing or broken one is told of, and nothing crashes."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from stopgap.server import Account, Cluster
from stopgap.server.cluster import free_port
from tests.fixtures.cluster import STARTED
from tests.fixtures.installation import Installation
from tests.plts.support import Connection, define

Break = Callable[[Path], None]


def remove(snapshot: Path) -> None:
    """Make the snapshot go away."""
    snapshot.unlink()


def empty(snapshot: Path) -> None:
    """Leave nothing in it."""
    snapshot.write_bytes(b"")


def truncate(snapshot: Path) -> None:
    """Leave half of it."""
    data = snapshot.read_bytes()
    snapshot.write_bytes(data[: len(data) // 2])


def fill(snapshot: Path) -> None:
    """Replace it with what is no snapshot."""
    snapshot.write_bytes(b"not a snapshot " * 1000)


def change(snapshot: Path) -> None:
    """Change a byte in its middle."""
    data = bytearray(snapshot.read_bytes())
    data[len(data) // 2] ^= 0xFF
    snapshot.write_bytes(bytes(data))


@pytest.fixture(scope="module")
def stopped(
    run_folder: Path, account: Account, installation: Installation
) -> Iterator[Cluster]:
    """A cluster of the module's own, installed and initialised, that does not run."""
    home = run_folder / "snapshots"
    tree = installation.install(home / "tree")
    for snapshot in home.glob("tree/**/*.snapshot"):
        shutil.copy(snapshot, home / snapshot.name)
    cluster = Cluster(home, tree, account)
    cluster.initialise(password="not used in tests")
    yield cluster
    shutil.rmtree(home)


@pytest.fixture
def broken(
    run_folder: Path, stopped: Cluster, request: pytest.FixtureRequest
) -> Iterator[Connection]:
    """A session of a server whose snapshot, the test's parameter, was broken."""
    name, break_it, settings = request.param
    home = run_folder / "snapshots"
    (installed,) = home.glob(f"tree/**/{name}")
    break_it(installed)
    postmaster = stopped.start(port=free_port(), settings={"fsync": "off", **settings})
    STARTED.append(stopped)
    try:
        dsn = stopped.dsn(port=postmaster.port, database="postgres")
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute("drop extension if exists plts cascade")
            connection.execute("create extension plts")
            yield connection
    finally:
        STARTED.remove(stopped)
        stopped.stop()
        shutil.copy(home / name, installed)


def create_and_call(connection: Connection) -> None:
    """Use the compiler and the runtime."""
    define(connection, "f() returns int", "return 1")
    connection.execute("select f()")


PRELOADED = {"shared_preload_libraries": "plts", "plts.prewarm": "on"}
CASES = {
    "realm missing": ("realm.snapshot", remove, {}),
    "realm empty": ("realm.snapshot", empty, {}),
    "realm cut": ("realm.snapshot", truncate, {}),
    "realm replaced": ("realm.snapshot", fill, {}),
    "realm missing, preloaded": ("realm.snapshot", remove, PRELOADED),
    "realm replaced, preloaded": ("realm.snapshot", fill, PRELOADED),
    "compiler missing": ("compiler.snapshot", remove, {}),
    "compiler replaced": ("compiler.snapshot", fill, {}),
}


@pytest.mark.parametrize("broken", CASES.values(), ids=CASES.keys(), indirect=True)
def test_broken_snapshot_is_told(broken: Connection) -> None:
    with pytest.raises(psycopg.Error) as raised:
        create_and_call(broken)

    assert raised.value.sqlstate is not None
    assert raised.value.sqlstate[:2] in ("58", "XX", "F0", "55", "0A")
    assert "snapshot" in str(raised.value)
    assert raised.value.diag.message_hint
    assert broken.execute("select 1").fetchone() == (1,)


CHANGED = {
    "realm": ("realm.snapshot", change, {}),
    "realm, preloaded": ("realm.snapshot", change, PRELOADED),
    "compiler": ("compiler.snapshot", change, {}),
}


@pytest.mark.parametrize("broken", CHANGED.values(), ids=CHANGED.keys(), indirect=True)
def test_changed_byte_does_not_crash_the_server(broken: Connection) -> None:
    with suppress(psycopg.Error):
        create_and_call(broken)

    # The crash would be this test's failure; the session itself may be lost.
    assert broken.closed or broken.execute("select 1").fetchone() == (1,)
