"""The local server: made by the first `up`, found by the second, stopped by `down`."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from stopgap.errors import ServerError
from stopgap.server import LocalServer, find_local_dsn
from stopgap.server.cluster import free_port
from stopgap.server.local import RunningServer


@pytest.fixture(scope="module")
def project() -> Iterator[Path]:
    """A folder with a server that runs, as far as no test stops it."""
    folder = Path(tempfile.mkdtemp(prefix="stopgap-project-"))
    folder.chmod(0o755)
    server = LocalServer(folder / ".stopgap")
    yield folder
    server.down()
    shutil.rmtree(folder)


@pytest.fixture
def server(project: Path) -> LocalServer:
    """The project's local server."""
    return LocalServer(project / ".stopgap")


@pytest.fixture
def running(server: LocalServer) -> RunningServer:
    """The same server, running."""
    return server.up()


def ask(dsn: str, query: str) -> object:
    with psycopg.connect(dsn) as connection:
        row = connection.execute(query.encode()).fetchone()
    return row[0] if row else None


def test_it_has_both_extensions_and_preloads_plts(running: RunningServer) -> None:
    assert ask(running.dsn, "select plts.version()") == "0.2.0"
    assert ask(running.dsn, "select stopgap.version()") == "0.2.0"
    assert ask(running.dsn, "show shared_preload_libraries") == "plts"
    assert ask(running.dsn, "show plts.prewarm") == "on"


def test_a_second_up_finds_it(server: LocalServer, running: RunningServer) -> None:
    again = server.up()

    assert not again.started
    assert (again.pid, again.dsn) == (running.pid, running.dsn)


def test_many_at_once_start_one(server: LocalServer) -> None:
    server.down()

    with ThreadPoolExecutor() as threads:
        found = list(threads.map(lambda _: server.up(), range(4)))

    assert len({each.pid for each in found}) == 1
    assert sum(each.started for each in found) == 1


def test_its_data_and_its_port_outlive_it(
    server: LocalServer, running: RunningServer
) -> None:
    with psycopg.connect(running.dsn) as connection:
        connection.execute("create table if not exists kept as select 42 as n")
    assert server.down() == running.pid
    assert server.down() is None

    again = server.up()

    assert ask(again.dsn, "select n from kept") == 42
    assert again.port == running.port
    assert again.pid != running.pid


def test_without_preloading_it_works_too(server: LocalServer) -> None:
    server.down()

    running = server.up(preload=False)

    assert ask(running.dsn, "show shared_preload_libraries") == ""
    assert ask(running.dsn, "select plts.version()") == "0.2.0"
    server.down()


def test_a_port_can_be_chosen(server: LocalServer) -> None:
    server.down()
    port = free_port()

    assert server.up(port=port).port == port

    with pytest.raises(ServerError, match=str(port)):
        server.up(port=free_port())


def test_a_port_that_somebody_took_is_given_up(
    server: LocalServer, running: RunningServer
) -> None:
    server.down()
    with socket.socket() as thief:
        thief.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        thief.bind(("127.0.0.1", running.port))
        thief.listen()

        assert server.up().port != running.port


def test_it_is_found_from_the_folders_below(
    project: Path, running: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "deep" / "er").mkdir(parents=True, exist_ok=True)
    monkeypatch.chdir(project / "deep" / "er")

    assert find_local_dsn() == running.dsn


def test_elsewhere_there_is_none(
    running: RunningServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)

    assert find_local_dsn() is None


def test_a_deep_folder_gets_its_socket_elsewhere() -> None:
    # A Unix socket's path has room for some 100 bytes.
    base = Path(tempfile.mkdtemp(prefix="stopgap-deep-"))
    base.chmod(0o755)
    folder = base / ("d" * 60) / ("e" * 60)
    server = LocalServer(folder)

    try:
        sockets = Path(str(ask(server.up().dsn, "show unix_socket_directories")))
        assert sockets.is_dir()
    finally:
        server.down()
        shutil.rmtree(base)
    assert not sockets.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has another account for it")
def test_root_may_start_it_where_its_account_cannot_read() -> None:
    base = Path(tempfile.mkdtemp(prefix="stopgap-closed-"))
    assert base.stat().st_mode & 0o777 == 0o700
    server = LocalServer(base / ".stopgap")

    try:
        running = server.up()
        data = Path(str(ask(running.dsn, "show data_directory")))
        assert not data.is_relative_to(base)
    finally:
        server.down()
        shutil.rmtree(base)
    shutil.rmtree(data.parent)


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(ServerError, match="cannot make the folder") as refusal:
        LocalServer(tmp_path / "file" / "server").up()

    assert "--dir" in str(refusal.value.hint)
