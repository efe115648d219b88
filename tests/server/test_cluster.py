"""One private server: its making, its start, its end, and who may reach it."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from stopgap.errors import ServerError
from stopgap.server import Cluster, build_tree, server_account
from stopgap.server.cluster import free_port


@pytest.fixture
def unmade() -> Iterator[Cluster]:
    """A server of the plain PostgreSQL that has no data folder yet."""
    # Not below pytest's own folder, which the account of the server may not enter.
    home = Path(tempfile.mkdtemp(prefix="stopgap-cluster-"))
    home.chmod(0o755)
    cluster = Cluster(home, build_tree(home / "tree"), server_account())
    yield cluster
    cluster.stop()
    shutil.rmtree(home)


@pytest.fixture
def stopped(unmade: Cluster) -> Cluster:
    """The same server, made but not started."""
    unmade.initialise(password="secret")
    return unmade


@pytest.fixture
def started(stopped: Cluster) -> Cluster:
    """The same server, started."""
    stopped.start(port=free_port(), settings={"fsync": "off"})
    return stopped


def dsn(cluster: Cluster) -> str:
    running = cluster.running()
    assert running is not None
    return cluster.dsn(port=running.port, database="postgres")


def test_it_takes_connections_once_it_is_started(started: Cluster) -> None:
    with psycopg.connect(dsn(started)) as connection:
        row = connection.execute("show data_directory").fetchone()

    assert row == (str(started.data),)


def test_it_does_not_run_as_root(started: Cluster) -> None:
    running = started.running()

    assert running is not None
    assert Path(f"/proc/{running.pid}").stat().st_uid != 0


def test_its_settings_take_effect(started: Cluster) -> None:
    with psycopg.connect(dsn(started)) as connection:
        row = connection.execute("show fsync").fetchone()

    assert row == ("off",)


def test_its_user_may_overrule_settings_in_postgresql_conf(stopped: Cluster) -> None:
    with (stopped.data / "postgresql.conf").open("a") as file:
        file.write("work_mem = '17MB'\n")

    stopped.start(port=free_port(), settings={"work_mem": "5MB"})

    with psycopg.connect(dsn(stopped)) as connection:
        assert connection.execute("show work_mem").fetchone() == ("17MB",)


def test_other_accounts_cannot_enter_the_socket_folder(started: Cluster) -> None:
    mode = started.sockets.stat().st_mode

    assert stat.S_IMODE(mode) == 0o700


def test_tcp_asks_for_the_password(started: Cluster) -> None:
    running = started.running()
    assert running is not None
    address = f"host=127.0.0.1 port={running.port} user=postgres dbname=postgres"

    psycopg.connect(f"{address} password=secret").close()

    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(f"{address} password=wrong")


def test_stopping_ends_sessions_and_returns_the_process(started: Cluster) -> None:
    running = started.running()
    assert running is not None
    session = psycopg.connect(dsn(started), autocommit=True)

    pid = started.stop()

    assert pid == running.pid
    assert started.running() is None
    with session, pytest.raises(psycopg.OperationalError):
        session.execute("select 1")


def test_stopping_what_does_not_run_does_nothing(stopped: Cluster) -> None:
    assert stopped.stop() is None


def test_another_process_of_a_stale_pid_file_is_left_alone(stopped: Cluster) -> None:
    bystander = subprocess.Popen(["sleep", "60"])
    lines = [str(bystander.pid), str(stopped.data), "0", "1", "", "", "", "ready"]
    (stopped.data / "postmaster.pid").write_text("\n".join(lines))

    stopped.stop()

    assert bystander.poll() is None
    bystander.terminate()
    bystander.wait()
    (stopped.data / "postmaster.pid").unlink()


def test_a_server_that_cannot_start_says_why(stopped: Cluster) -> None:
    with pytest.raises(ServerError, match="no_such_library"):
        stopped.start(
            port=free_port(), settings={"shared_preload_libraries": "no_such_library"}
        )


def test_the_environment_of_the_caller_is_not_its(
    stopped: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGOPTIONS", "--no-such-setting=1")
    monkeypatch.setenv("PGDATA", "/nowhere")

    stopped.start(port=free_port(), settings={})

    monkeypatch.delenv("PGOPTIONS")
    psycopg.connect(dsn(stopped)).close()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root starts it as another account")
def test_root_starts_it_where_its_account_may_read() -> None:
    account = server_account()
    with (
        tempfile.TemporaryDirectory() as closed,
        tempfile.TemporaryDirectory() as open_,
    ):
        Path(open_).chmod(0o755)

        assert not account.reaches(Path(closed))
        assert account.reaches(Path(open_))


def test_what_an_interruption_left_is_made_anew(unmade: Cluster) -> None:
    (unmade.home / ".data.new" / "base").mkdir(parents=True)

    unmade.initialise(password="secret")

    assert unmade.initialised
    assert not (unmade.home / ".data.new").exists()


def test_a_data_folder_of_somebody_else_is_left_alone(unmade: Cluster) -> None:
    unmade.data.mkdir()
    (unmade.data / "theirs").write_text("dear to them")

    with pytest.raises(ServerError, match="not made by stopgap"):
        unmade.initialise(password="secret")

    assert (unmade.data / "theirs").read_text() == "dear to them"


def test_a_socket_folder_that_is_a_link_is_refused(stopped: Cluster) -> None:
    elsewhere = stopped.home / "elsewhere"
    elsewhere.mkdir(mode=0o755)
    stopped.sockets.symlink_to(elsewhere)

    with pytest.raises(ServerError, match="belongs to somebody else"):
        stopped.start(port=free_port(), settings={})

    assert stat.S_IMODE(elsewhere.stat().st_mode) == 0o755
