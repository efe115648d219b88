"""Bundle files: a bundle in canonical JSON (RFC 8785), signed on request.

The signature is part of the file, and covers the canonical text of all the rest.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import importlib.util
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rfc8785

from stopgap.errors import BundleRefused, UsageError
from stopgap.output_file import write_output
from stopgap.results import Json

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (
        Ed25519PrivateKey,
        Ed25519PublicKey,
    )

# What one value of jsonb can hold.
_MAX_BYTES = 256 * 1024 * 1024
STANDARD_INPUT = Path("-")
_ALGORITHM = "ed25519"
_UNCOVERED = ("digest", "signature")


def write_bundle(path: Path, bundle: Json, *, sign_key: Path | None = None) -> None:
    """Write a bundle, signed where a key is given; see write_output for where."""
    whole = dict(bundle)
    if sign_key is not None:
        whole["signature"] = _sign(whole, _private_key(sign_key))
    write_output(path, rfc8785.dumps(whole) + b"\n")


def read_bundle(path: Path, *, verify_key: Path | None = None) -> Json:
    """Return the bundle of a file; with a key, only if it is signed with that.

    `-` is standard input.
    """
    try:
        with sys.stdin.buffer if path == STANDARD_INPUT else path.open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    if len(data) > _MAX_BYTES:
        raise BundleRefused(f"{path} has more than {_MAX_BYTES} bytes")
    try:
        bundle = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise BundleRefused(
            f"{path} is no JSON: {error}",
            hint="it was cut short or damaged on its way: get it again",
        ) from error
    if not isinstance(bundle, dict):
        raise BundleRefused(f"{path} is no bundle", hint="stopgap export makes bundles")
    _check_digest(path, bundle)
    if verify_key is not None:
        _verify(path, bundle, _public_key(verify_key))
    return bundle


def _check_digest(path: Path, bundle: dict[str, Any]) -> None:
    covered = {key: bundle[key] for key in bundle if key not in _UNCOVERED}
    found = "sha256:" + hashlib.sha256(_canonical(path, covered)).hexdigest()
    if bundle.get("digest") != found:
        raise BundleRefused(
            f"the contents of {path} do not match their digest",
            hint="the file was damaged or changed on its way: get it again",
        )


def _canonical(path: Path, value: dict[str, Any]) -> bytes:
    try:
        return rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, RecursionError, ValueError) as error:
        raise BundleRefused(f"{path} is no bundle: {error}") from error


def _signed(bundle: dict[str, Any]) -> bytes:
    return rfc8785.dumps({key: bundle[key] for key in bundle if key != "signature"})


def _sign(bundle: dict[str, Any], key: Ed25519PrivateKey) -> dict[str, str]:
    return {
        "algorithm": _ALGORITHM,
        "key": _fingerprint(key.public_key()),
        "signature": base64.b64encode(key.sign(_signed(bundle))).decode(),
    }


def _verify(path: Path, bundle: dict[str, Any], key: Ed25519PublicKey) -> None:
    from cryptography.exceptions import InvalidSignature

    signature = bundle.get("signature")
    if not isinstance(signature, dict):
        raise BundleRefused(f"{path} is not signed", hint="export it with --sign-key")
    if signature.get("algorithm") != _ALGORITHM:
        raise BundleRefused(f"{path} is not signed by {_ALGORITHM}")
    if signature.get("key") != _fingerprint(key):
        raise BundleRefused(
            f"{path} is signed with another key",
            hint=f"it names {signature.get('key')!s:.80}, not {_fingerprint(key)}",
        )
    try:
        given = base64.b64decode(str(signature.get("signature")), validate=True)
        key.verify(given, _signed(bundle))
    except (binascii.Error, InvalidSignature, ValueError) as error:
        raise BundleRefused(f"the signature of {path} is not good") from error


def _private_key(path: Path) -> Ed25519PrivateKey:
    _require_cryptography()
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ed25519

    try:
        key: object = serialization.load_pem_private_key(_key_text(path), password=None)
    except TypeError as error:
        raise UsageError(
            f"{path} is protected by a password, which nobody can be asked for",
            hint=f"openssl pkey -in {path} -out FILE writes it without",
        ) from error
    except ValueError as error:
        raise UsageError(f"{path} is no private key in PEM: {error}") from error
    if not isinstance(key, ed25519.Ed25519PrivateKey):
        raise UsageError(f"{path} is no key of ed25519", hint=_MAKE_KEY)
    return key


def _public_key(path: Path) -> Ed25519PublicKey:
    _require_cryptography()
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ed25519

    try:
        key: object = serialization.load_pem_public_key(_key_text(path))
    except (ValueError, TypeError) as error:
        raise UsageError(f"{path} is no public key in PEM: {error}") from error
    if not isinstance(key, ed25519.Ed25519PublicKey):
        raise UsageError(f"{path} is no key of ed25519", hint=_MAKE_KEY)
    return key


_MAKE_KEY = "openssl genpkey -algorithm ed25519 -out key.pem makes one"


def _key_text(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error


def _fingerprint(key: Ed25519PublicKey) -> str:
    return "sha256:" + hashlib.sha256(key.public_bytes_raw()).hexdigest()


def _require_cryptography() -> None:
    """Refuse without the package that signs, an extra that not everybody installs."""
    if importlib.util.find_spec("cryptography") is None:
        raise UsageError(
            "signing needs the package cryptography",
            hint="pip install 'stopgap[signing]'",
        )
