"""Bundles: a deployment with its sources as one JSON value, made and read.

A bundle is read as something that came from anywhere: its form is checked member by
member, and of its code only the sources are used.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from .attributes import PARALLEL, VOLATILITY, Attributes
from .canonical import digest
from .errors import BundleAltered, BundleMalformed, BundleVersionUnknown
from .names import MAX_IDENTIFIER_BYTES
from .pointer import canonical_pointer
from .source import Skipped
from .version import FunctionVersion
from .words import counted

FORMAT = "stopgap.bundle"
VERSION = 1
# What the digest does not cover; the signature covers the digest.
_UNCOVERED = frozenset({"digest", "signature"})
_POINTER = {"plts": 1, "kind": "artifact_ptr", "mode": "stopgap_deployed"}
_ARTIFACT_PREFIX = "plts+artifact:"

T = TypeVar("T")


class BundledArtifact(NamedTuple):
    """A compiled module as the bundle has it."""

    artifact_hash: str
    source_ts: str
    # JSON text.
    compiler_opts: str
    compiled_sha256: str
    compiled_js: str
    compiler_fingerprint: str
    imports: tuple[str, ...]

    def imported_artifacts(self) -> list[str]:
        """Return the hashes of the artifacts that it imports."""
        return [
            each.removeprefix(_ARTIFACT_PREFIX)
            for each in self.imports
            if each.startswith(_ARTIFACT_PREFIX)
        ]


class BundledFunction(NamedTuple):
    """A function version as the bundle has it."""

    fn_name: str
    kind: str
    artifact_hash: str
    pointer: Mapping[str, Any]
    attributes: Attributes

    def version(self, kind: str, hashes: Mapping[str, str]) -> FunctionVersion:
        """Return the version here; `hashes` leads from the bundle's to ours."""
        pointer = {**self.pointer, "artifact_hash": hashes[self.artifact_hash]}
        if "import_map" in pointer:
            pointer["import_map"] = {
                name: _renamed(target, hashes)
                for name, target in pointer["import_map"].items()
            }
        return FunctionVersion(
            fn_name=self.fn_name,
            kind=kind,
            artifact_hash=hashes[self.artifact_hash],
            pointer=canonical_pointer(json.dumps(pointer)),
            attributes=self.attributes,
        )


class Bundle(NamedTuple):
    """What a bundle holds."""

    env: str
    deployment_id: int
    label: str | None
    source_schema: str
    provenance: Mapping[str, Any]
    plts_version: str
    functions: tuple[BundledFunction, ...]
    artifacts: tuple[BundledArtifact, ...]
    digest: str
    # What did not go along; bundles that are older do not say.
    skipped: tuple[Skipped, ...] = ()


def seal_bundle(contents: Mapping[str, object]) -> str:
    """Return the text of a bundle with its digest."""
    whole = {"format": FORMAT, "version": VERSION, **contents}
    return json.dumps({**whole, "digest": digest(whole)}, ensure_ascii=False)


def render_attributes(attributes: Attributes) -> dict[str, object]:
    """Return attributes without a fraction in them: the cost is a text."""
    return {**json.loads(attributes.to_json()), "cost": f"{attributes.cost:.9g}"}


def read_bundle(text: str | None) -> Bundle:
    """Return a bundle, or refuse what is none, of another version, or altered."""
    try:
        given = json.loads(text) if text is not None else None
    except (ValueError, RecursionError) as error:
        raise BundleMalformed(f"the bundle cannot be read: {error}") from None
    if not isinstance(given, dict) or given.get("format") != FORMAT:
        raise BundleMalformed(
            "this is no bundle",
            detail=f'A bundle is a JSON object whose "format" is "{FORMAT}".',
            hint="stopgap.export_deployment() makes bundles.",
        )
    if given.get("version") != VERSION:
        raise BundleVersionUnknown(
            f"the bundle has version {json.dumps(given.get('version')):.40},"
            f" not {VERSION}",
            hint="Export it with this version of stopgap, or update stopgap here.",
        )
    _check_digest(given)
    return _bundle(_Reader(given, "bundle"))


def compile_order(
    artifacts: Sequence[BundledArtifact],
) -> list[list[BundledArtifact]]:
    """Return the artifacts in batches that one call compiles: imported ones first."""
    waiting = {each.artifact_hash: each for each in artifacts}
    batches: list[list[BundledArtifact]] = []
    while waiting:
        ready = [
            each
            for each in waiting.values()
            if not any(hash_ in waiting for hash_ in each.imported_artifacts())
        ]
        if not ready:
            raise BundleMalformed("artifacts of the bundle import each other")
        by_options: dict[str, list[BundledArtifact]] = {}
        for each in ready:
            by_options.setdefault(each.compiler_opts, []).append(each)
            del waiting[each.artifact_hash]
        batches.extend(by_options.values())
    return batches


def _check_digest(given: Mapping[str, Any]) -> None:
    covered = {key: given[key] for key in given.keys() - _UNCOVERED}
    try:
        found = digest(covered)
    except (ValueError, RecursionError) as error:
        raise BundleMalformed(f"the bundle cannot be read: {error}") from None
    if found != given.get("digest"):
        raise BundleAltered(
            "the bundle's contents do not match its digest",
            detail=f"They have {found}.",
            hint="It was damaged or changed on its way: get it again.",
        )


def _renamed(target: str, hashes: Mapping[str, str]) -> str:
    hash_ = target.removeprefix(_ARTIFACT_PREFIX)
    return target if hash_ == target else _ARTIFACT_PREFIX + hashes[hash_]


class _Reader:
    """An object of the bundle, and where it is in it, for messages."""

    def __init__(self, value: object, path: str) -> None:
        if not isinstance(value, dict):
            raise _wrong(path, "an object")
        self.value: dict[str, Any] = value
        self.path = path

    def get(self, key: str, kind: type[T], what: str) -> T:
        found = self.value.get(key)
        if not isinstance(found, kind) or (kind is int and isinstance(found, bool)):
            raise _wrong(f"{self.path}.{key}", what)
        return found

    def text(self, key: str) -> str:
        return self.get(key, str, "a text")

    def texts(self, key: str) -> tuple[str, ...]:
        found = self.get(key, list, "a list of texts")
        if not all(isinstance(each, str) for each in found):
            raise _wrong(f"{self.path}.{key}", "a list of texts")
        return tuple(found)

    def optional_text(self, key: str) -> str | None:
        return None if self.value.get(key) is None else self.text(key)

    def one_of(self, key: str, known: Sequence[str]) -> str:
        found = self.text(key)
        if found not in known:
            raise _wrong(f"{self.path}.{key}", "one of " + ", ".join(known))
        return found

    def object(self, key: str) -> _Reader:
        return _Reader(self.value.get(key), f"{self.path}.{key}")

    def each(self, key: str, read: Callable[[_Reader], T]) -> tuple[T, ...]:
        found = self.get(key, list, "a list")
        return tuple(
            read(_Reader(each, f"{self.path}.{key}[{n}]"))
            for n, each in enumerate(found)
        )


def _wrong(path: str, wanted: str) -> BundleMalformed:
    return BundleMalformed(
        f"{path} is not {wanted}", hint="It was not made by stopgap."
    )


def _bundle(reader: _Reader) -> Bundle:
    deployment = reader.object("deployment")
    bundle = Bundle(
        env=deployment.text("env"),
        deployment_id=deployment.get("id", int, "a number"),
        label=deployment.optional_text("label"),
        source_schema=_identifier(deployment, "source_schema"),
        provenance=deployment.object("provenance").value,
        plts_version=reader.text("plts_version"),
        functions=reader.each("functions", _function),
        artifacts=reader.each("artifacts", _artifact),
        digest=reader.text("digest"),
        skipped=reader.each("skipped", _skipped) if "skipped" in reader.value else (),
    )
    _check_complete(bundle)
    return bundle


def _skipped(reader: _Reader) -> Skipped:
    return Skipped(_identifier(reader, "fn_name"), reader.text("reason"))


def _check_complete(bundle: Bundle) -> None:
    there = [each.artifact_hash for each in bundle.artifacts]
    names = [each.fn_name for each in bundle.functions]
    if len(set(there)) < len(there) or len(set(names)) < len(names):
        raise BundleMalformed("the bundle holds something twice")
    needed = {each.artifact_hash for each in bundle.functions}
    for each in bundle.artifacts:
        needed.update(each.imported_artifacts())
    for function in bundle.functions:
        for target in function.pointer.get("import_map", {}).values():
            if target.startswith(_ARTIFACT_PREFIX):
                needed.add(target.removeprefix(_ARTIFACT_PREFIX))
    missing = sorted(needed - set(there))
    if missing:
        raise BundleMalformed(
            f"the bundle lacks {counted(len(missing), 'artifact')} that it needs",
            detail=", ".join(missing) + ".",
        )


def _function(reader: _Reader) -> BundledFunction:
    pointer = reader.object("pointer")
    known = {*_POINTER, "artifact_hash", "export", "import_map"}
    artifact_hash = reader.text("artifact_hash")
    wrong = (
        not pointer.value.keys() <= known
        or any(pointer.value.get(key) != value for key, value in _POINTER.items())
        or pointer.text("artifact_hash") != artifact_hash
    )
    if wrong:
        raise _wrong(pointer.path, "a pointer to the function's artifact")
    pointer.text("export")
    if "import_map" in pointer.value:
        import_map = pointer.object("import_map")
        for name in import_map.value:
            import_map.text(name)
    return BundledFunction(
        fn_name=_identifier(reader, "fn_name"),
        kind=reader.one_of("kind", ("query", "mutation")),
        artifact_hash=artifact_hash,
        pointer=pointer.value,
        attributes=_attributes(reader.object("attributes")),
    )


def _attributes(reader: _Reader) -> Attributes:
    settings = reader.texts("set")
    if not all("=" in setting.strip("=") for setting in settings):
        raise _wrong(f"{reader.path}.set", "a list of name=value")
    return Attributes(
        volatility=reader.one_of("volatility", tuple(VOLATILITY.values())),
        strict=reader.get("strict", bool, "true or false"),
        parallel=reader.one_of("parallel", tuple(PARALLEL.values())),
        cost=_cost(reader),
        settings=settings,
        comment=reader.optional_text("comment"),
    )


def _cost(reader: _Reader) -> float:
    try:
        cost = float(reader.text("cost"))
    except ValueError:
        cost = 0.0
    if not 0 < cost < float("inf"):
        raise _wrong(f"{reader.path}.cost", "a positive number, as a text")
    return cost


def _artifact(reader: _Reader) -> BundledArtifact:
    return BundledArtifact(
        artifact_hash=reader.text("artifact_hash"),
        source_ts=reader.text("source_ts"),
        compiler_opts=json.dumps(reader.object("compiler_opts").value, sort_keys=True),
        compiled_sha256=reader.text("compiled_sha256"),
        compiled_js=reader.text("compiled_js"),
        compiler_fingerprint=reader.text("compiler_fingerprint"),
        imports=reader.texts("imports"),
    )


def _identifier(reader: _Reader, key: str) -> str:
    name = reader.text(key)
    if not 0 < len(name.encode()) <= MAX_IDENTIFIER_BYTES:
        raise _wrong(f"{reader.path}.{key}", "the name of anything")
    return name
