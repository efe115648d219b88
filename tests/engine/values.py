"""Values for the tests of pure functions: each says only what its test is about."""

from __future__ import annotations

from stopgap.engine.attributes import Attributes
from stopgap.engine.live import LiveFunction, LiveSchema
from stopgap.engine.pointer import render_pointer
from stopgap.engine.source import Shape, SourceFunction, skip_reason
from stopgap.engine.version import FunctionVersion


def artifact_hash(seed: str) -> str:
    """Return a hash of the right form."""
    return "sha256:" + (seed.encode().hex() * 64)[:64]


def version(
    name: str,
    *,
    code: str = "one",
    deployment_id: int | None = 1,
    attributes: Attributes | None = None,
) -> FunctionVersion:
    """Return a version of a function with this code."""
    return FunctionVersion(
        fn_name=name,
        kind="query",
        artifact_hash=artifact_hash(code),
        pointer=render_pointer(artifact_hash(code)),
        attributes=attributes or Attributes(),
        deployment_id=deployment_id,
    )


def versions(
    *names: str, code: str = "one", deployment_id: int | None = 1
) -> dict[str, FunctionVersion]:
    """Return versions of functions, by name."""
    return {
        name: version(name, code=code, deployment_id=deployment_id) for name in names
    }


def live_function(
    name: str,
    *,
    code: str = "one",
    oid: int = 0,
    is_owned: bool = True,
    is_replaceable: bool = True,
    language: str = "plts",
    security_definer: bool = False,
    has_extras: bool = False,
    is_public: bool = False,
    has_lost_grants: bool = False,
    attributes: Attributes | None = None,
) -> LiveFunction:
    """Return a live function that runs this code."""
    return LiveFunction(
        oid=oid or sum(name.encode()),
        name=name,
        is_owned=is_owned,
        is_replaceable=is_replaceable,
        language=language,
        security_definer=security_definer,
        has_extras=has_extras,
        body=render_pointer(artifact_hash(code)),
        attributes=attributes or Attributes(),
        is_public=is_public,
        has_lost_grants=has_lost_grants,
    )


def live(*functions: LiveFunction, strangers: tuple[str, ...] = ()) -> LiveSchema:
    """Return a live schema of these functions."""
    return LiveSchema(
        {each.name: each for each in functions},
        strangers,
        owner="stopgap_owner",
        is_owned=True,
    )


def source_function(
    name: str = "f",
    *,
    oid: int = 1,
    prokind: str = "f",
    argument_types: tuple[str, ...] = ("jsonb",),
    argument_names: tuple[str, ...] = ("args",),
    argument_modes: tuple[str, ...] = (),
    default_count: int = 0,
    return_type: str = "jsonb",
    returns_set: bool = False,
    security_definer: bool = False,
    is_pointer: bool = False,
    attributes: Attributes | None = None,
) -> SourceFunction:
    """Return a source function that is deployable unless said otherwise."""
    shape = Shape(
        prokind=prokind,
        argument_types=argument_types,
        argument_names=argument_names,
        argument_modes=argument_modes,
        default_count=default_count,
        return_type=return_type,
        returns_set=returns_set,
        security_definer=security_definer,
        is_pointer=is_pointer,
    )
    return SourceFunction(oid, name, attributes or Attributes(), skip_reason(shape))
