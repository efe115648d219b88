"""A folder that came with a checkout makes no command run what is in it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from stopgap.errors import ServerError
from stopgap.server import LocalServer, find_local_dsn

MARK = "was-run"


@pytest.fixture
def base() -> Iterator[Path]:
    """A folder of the account's own that a server's account may read."""
    folder = Path(tempfile.mkdtemp(prefix="stopgap-trust-"))
    folder.chmod(0o755)
    yield folder
    # What is not trusted any more does not run.
    with suppress(ServerError):
        LocalServer(folder / "made").down()
    shutil.rmtree(folder)


def hostile(base: Path, **record: object) -> Path:
    """Make what a hostile repository would have in it: programs that leave a mark."""
    folder = base / ".stopgap"
    home = folder / "home"
    programs = home / "tree" / "bin"
    programs.mkdir(parents=True)
    for name in ("pg_config", "postgres", "psql", "pg_ctl"):
        program = programs / name
        program.write_text(f"#!/bin/sh\ntouch '{base / MARK}'\n")
        program.chmod(0o755)
    (home / "data").mkdir()
    (home / "data" / "postmaster.pid").write_text(f"{os.getpid()}\n\n\n1\n")
    written = {"home": str(home), "port": 1, "password": "x", **record}
    (folder / "server.json").write_text(json.dumps(written))
    return folder


@pytest.mark.parametrize("signature", [None, "", "0" * 64, 7])
def test_nothing_of_a_checkout_is_run(
    base: Path, monkeypatch: pytest.MonkeyPatch, signature: object
) -> None:
    hostile(base, **({} if signature is None else {"signature": signature}))
    (base / "below").mkdir()
    monkeypatch.chdir(base / "below")

    for command in (
        find_local_dsn,
        LocalServer.nearest().find,
        LocalServer.nearest().down,
        LocalServer.nearest().psql,
        LocalServer.nearest().up,
    ):
        with pytest.raises(ServerError, match=r"server\.json is not trusted") as told:
            command()
        assert "--trust" in str(told.value.hint)

    assert not (base / MARK).exists()


def test_signature_is_of_what_the_record_says(base: Path) -> None:
    server = LocalServer(base / "made")
    server.up()
    server.down()
    file = base / "made" / "server.json"
    record = json.loads(file.read_text())
    elsewhere = hostile(base) / "home"

    file.write_text(json.dumps({**record, "home": str(elsewhere)}))

    with pytest.raises(ServerError, match="is not trusted"):
        server.find()
    assert not (base / MARK).exists()


def test_data_without_a_record_is_not_started(base: Path) -> None:
    folder = hostile(base)
    (folder / "server.json").unlink()
    for name in ("data", "tree"):
        shutil.move(folder / "home" / name, folder / name)

    with pytest.raises(ServerError, match="there is no record of the server"):
        LocalServer(folder).up()

    assert not (base / MARK).exists()


def test_files_that_others_can_write_are_not_trusted(base: Path) -> None:
    server = LocalServer(base / "made")
    server.up()
    server.down()

    for path in (base / "made" / "server.json", base / "made"):
        mode = path.stat().st_mode
        path.chmod(mode | 0o020)
        with pytest.raises(ServerError, match="others can write to it") as told:
            server.find()
        assert "chmod go-w" in str(told.value.hint)
        path.chmod(mode)
    assert server.find() is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_files_of_others_are_not_trusted(base: Path) -> None:
    server = LocalServer(base / "made")
    server.up()
    server.down()

    os.chown(base / "made" / "server.json", 12345, 12345)

    with pytest.raises(ServerError, match="belongs to user 12345"):
        server.find()


def test_tracked_files_are_not_trusted(base: Path) -> None:
    server = LocalServer(base / "made")
    server.up()
    server.down()
    git = ("git", "-c", "safe.directory=*", "-C", str(base))
    subprocess.run([*git, "init", "--quiet"], check=True)
    # What a repository configures to be run is not run either.
    hook = base / "hook"
    hook.write_text(f"#!/bin/sh\ntouch '{base / MARK}'\n")
    hook.chmod(0o755)
    subprocess.run([*git, "config", "core.fsmonitor", str(hook)], check=True)
    assert server.find() is None

    add = ("-c", "core.fsmonitor=false", "add", "--force", "made/server.json")
    subprocess.run([*git, *add], check=True)

    with pytest.raises(ServerError, match="part of the repository"):
        server.find()
    assert not (base / MARK).exists()


def test_server_can_be_taken_over(base: Path) -> None:
    server = LocalServer(base / "made")
    first = server.up()
    server.down()
    file = base / "made" / "server.json"
    record = json.loads(file.read_text())
    del record["signature"]
    file.write_text(json.dumps(record))

    assert server.up(trust=True).port == first.port
    assert server.find() is not None


def test_interrupted_first_start_goes_on(
    base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = LocalServer(base / "made")

    def interrupt(step: str) -> None:
        if step == "making the database cluster":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        server.up(progress=interrupt)

    assert (base / "made" / "tree").exists()
    assert server.up().started


@pytest.mark.parametrize("text", ["not hex", "00", ""])
def test_key_that_is_none_is_told(
    base: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    (tmp_path / "stopgap").mkdir()
    (tmp_path / "stopgap" / "server-key").write_text(text)
    (tmp_path / "stopgap" / "server-key").chmod(0o600)

    with pytest.raises(ServerError, match="server-key"):
        LocalServer(base / "made").up()
