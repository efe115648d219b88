"""Files of bundles: written whole, and refused when anything about them is wrong."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import rfc8785

from stopgap.bundle_file import read_bundle, write_bundle
from stopgap.engine.canonical import digest
from stopgap.errors import BundleRefused, UsageError


@pytest.fixture
def bundle() -> dict[str, Any]:
    contents: dict[str, Any] = {
        "format": "stopgap.bundle",
        "version": 1,
        "deployment": {"label": "größer 😀", "id": 7},
    }
    return {**contents, "digest": digest(contents)}


def key_pair(folder: Path, name: str = "key", algorithm: str = "ed25519") -> Path:
    """Make a pair of keys with OpenSSL; the public one ends in .pub."""
    private = folder / f"{name}.pem"
    subprocess.run(
        ["openssl", "genpkey", "-algorithm", algorithm, "-out", private], check=True
    )
    subprocess.run(
        ["openssl", "pkey", "-in", private, "-pubout", "-out", folder / f"{name}.pub"],
        check=True,
    )
    return private


def test_a_file_is_canonical_and_reads_back(
    tmp_path: Path, bundle: dict[str, Any]
) -> None:
    file = tmp_path / "b.json"

    write_bundle(file, bundle)

    assert file.read_bytes() == rfc8785.dumps(bundle) + b"\n"
    assert read_bundle(file) == bundle
    assert list(tmp_path.iterdir()) == [file]


def test_a_signature_is_good_with_the_key_it_was_made_with(
    tmp_path: Path, bundle: dict[str, Any]
) -> None:
    file = tmp_path / "b.json"
    write_bundle(file, bundle, sign_key=key_pair(tmp_path))

    read = read_bundle(file, verify_key=tmp_path / "key.pub")

    assert {key: read[key] for key in bundle} == bundle
    assert read_bundle(file) == read


def test_a_signature_of_another_key_is_refused(
    tmp_path: Path, bundle: dict[str, Any]
) -> None:
    file = tmp_path / "b.json"
    write_bundle(file, bundle, sign_key=key_pair(tmp_path))
    key_pair(tmp_path, "other")

    with pytest.raises(BundleRefused, match="another key"):
        read_bundle(file, verify_key=tmp_path / "other.pub")


def test_what_is_not_signed_is_refused_where_a_key_is_given(
    tmp_path: Path, bundle: dict[str, Any]
) -> None:
    file = tmp_path / "b.json"
    write_bundle(file, bundle)
    key_pair(tmp_path)

    with pytest.raises(BundleRefused, match="not signed"):
        read_bundle(file, verify_key=tmp_path / "key.pub")


def test_contents_with_a_new_digest_do_not_pass_the_signature(
    tmp_path: Path, bundle: dict[str, Any]
) -> None:
    file = tmp_path / "b.json"
    write_bundle(file, bundle, sign_key=key_pair(tmp_path))
    changed = json.loads(file.read_text())
    changed["deployment"]["id"] = 8
    covered = {key: changed[key] for key in changed.keys() - {"digest", "signature"}}
    file.write_text(json.dumps({**changed, "digest": digest(covered)}))

    with pytest.raises(BundleRefused, match=r"signature of .* is not good"):
        read_bundle(file, verify_key=tmp_path / "key.pub")
    assert read_bundle(file)["deployment"]["id"] == 8


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda data: data[:-20], "is no JSON"),
        (lambda data: data.replace(b'"id":7', b'"id":8'), "do not match their digest"),
        (lambda data: b"[]", "is no bundle"),
        (lambda data: b"{}", "do not match"),
        (lambda data: b"\xff\xfe", "is no JSON"),
        (lambda data: b"[" * 100_000, "is no JSON"),
        (lambda data: b'{"x": NaN}', "is no bundle"),
    ],
)
def test_a_damaged_file_is_refused(
    tmp_path: Path, bundle: dict[str, Any], change: Any, told: str
) -> None:
    file = tmp_path / "b.json"
    write_bundle(file, bundle)
    file.write_bytes(change(file.read_bytes()))

    with pytest.raises(BundleRefused, match=told):
        read_bundle(file)


def test_a_huge_file_is_not_even_read(tmp_path: Path) -> None:
    file = tmp_path / "b.json"
    with file.open("wb") as sparse:
        sparse.truncate(2**33)

    with pytest.raises(BundleRefused, match="more than"):
        read_bundle(file)


def test_a_key_of_another_kind_is_refused(
    tmp_path: Path, bundle: dict[str, Any]
) -> None:
    private = key_pair(tmp_path, algorithm="ed448")
    file = tmp_path / "b.json"

    with pytest.raises(UsageError, match="no key of ed25519"):
        write_bundle(file, bundle, sign_key=private)
    with pytest.raises(UsageError, match="no private key"):
        write_bundle(file, bundle, sign_key=tmp_path / "key.pub")
    assert not file.exists()


def test_a_folder_that_is_not_there_is_told(
    tmp_path: Path, bundle: dict[str, Any]
) -> None:
    with pytest.raises(UsageError, match="cannot write"):
        write_bundle(tmp_path / "none" / "b.json", bundle)


def test_a_key_behind_a_password_is_refused_with_the_way_out(
    bundle: dict[str, Any], tmp_path: Path
) -> None:
    key = tmp_path / "key.pem"
    command = "openssl genpkey -algorithm ed25519 -aes256 -pass pass:x -out"
    subprocess.run([*command.split(), str(key)], check=True)

    with pytest.raises(UsageError, match="protected by a password") as refusal:
        write_bundle(tmp_path / "b.json", bundle, sign_key=key)

    assert "openssl pkey" in str(refusal.value.hint)
