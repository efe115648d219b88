"""Files that people name for output: replaced, or written through if they are none."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from stopgap.errors import OutputFailed, UsageError
from stopgap.output_file import is_standard_output, write_output

PROGRAM = """
import sys
from pathlib import Path
from stopgap.output_file import write_output
write_output(Path(sys.argv[1]), b"written\\n")
"""


def write_in_a_process(name: str, stdout: int) -> bytes:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, name],
        stdout=stdout,
        stderr=subprocess.PIPE,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout or b""


def test_new_file_has_the_permissions_that_the_umask_leaves(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_output(tmp_path / "new", b"one")
    finally:
        os.umask(before)

    assert (tmp_path / "new").read_bytes() == b"one"
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o640


def test_file_is_replaced_as_one_that_keeps_its_permissions(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"before")
    file.chmod(0o604)
    with file.open("rb") as reader:
        write_output(file, b"after")

        assert reader.read() == b"before"
    assert file.read_bytes() == b"after"
    assert stat.S_IMODE(file.stat().st_mode) == 0o604
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_root_leaves_a_file_to_its_owner(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"before")
    os.chown(file, 12345, 12346)

    write_output(file, b"after")

    assert (file.stat().st_uid, file.stat().st_gid) == (12345, 12346)


@pytest.mark.parametrize("exists", [True, False], ids=["file", "nothing yet"])
def test_link_is_followed_and_stays(tmp_path: Path, exists: bool) -> None:
    target = tmp_path / "target"
    if exists:
        target.write_bytes(b"before")
    link = tmp_path / "link"
    link.symlink_to("target")

    write_output(link, b"after")

    assert link.is_symlink()
    assert target.read_bytes() == b"after"


def test_device_stays_a_device() -> None:
    before = os.stat("/dev/null")

    write_output(Path("/dev/null"), b"nothing")

    after = os.stat("/dev/null")
    assert stat.S_ISCHR(after.st_mode)
    assert after.st_ino == before.st_ino


def test_link_to_a_device_is_written_through(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to("/dev/null")

    write_output(link, b"nothing")

    assert link.is_symlink()
    assert stat.S_ISCHR(link.stat().st_mode)


def test_named_pipe_is_written_through(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()

    write_output(pipe, b"x" * 200_000)
    reader.join(20)

    assert read == [b"x" * 200_000]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


@pytest.mark.parametrize("name", ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])
def test_standard_output_gets_what_is_written_there(name: str) -> None:
    assert write_in_a_process(name, subprocess.PIPE) == b"written\n"


@pytest.mark.parametrize("name", ["-", "/dev/stdout", "/dev/fd/1"])
def test_standard_output_that_is_a_file_is_written_where_it_stands(
    tmp_path: Path, name: str
) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"kept ")
    with file.open("ab") as stdout:
        before = os.fstat(stdout.fileno()).st_ino
        write_in_a_process(name, stdout.fileno())

    assert file.read_bytes() == b"kept written\n"
    assert file.stat().st_ino == before


def test_link_to_standard_output_is_standard_output(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to("/dev/stdout")

    assert is_standard_output(link)
    assert write_in_a_process(str(link), subprocess.PIPE) == b"written\n"
    assert not is_standard_output(tmp_path / "file")


def test_what_cannot_be_written_to_is_told(tmp_path: Path) -> None:
    loop = tmp_path / "loop"
    loop.symlink_to("loop")
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(tmp_path / "socket"))

    for name in ("", "none/file", "loop", "socket"):
        with pytest.raises(UsageError, match="cannot write"):
            write_output(tmp_path / name, b"x")

    listening.close()
    assert stat.S_ISSOCK((tmp_path / "socket").stat().st_mode)
    assert {each.name for each in tmp_path.iterdir()} == {"loop", "socket"}


def test_full_device_is_told() -> None:
    with pytest.raises(OutputFailed, match="No space left"):
        write_output(Path("/dev/full"), b"x")
