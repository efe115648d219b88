"""A version of a function: what some deployment says that a live function is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from .attributes import Attributes, attributes_from_json
from .pointer import stored_pointer


class FunctionVersion(NamedTuple):
    """One function of one deployment; `deployment_id` is None before it has one."""

    fn_name: str
    kind: str
    artifact_hash: str
    # The live function's body, byte for byte.
    pointer: str
    attributes: Attributes
    deployment_id: int | None = None


class VersionRef(NamedTuple):
    """The name of a function version: what activations record of retained ones."""

    fn_name: str
    deployment_id: int


Versions = Mapping[str, FunctionVersion]


def same_functions(one: Versions, other: Versions) -> bool:
    """Tell whether two sets of functions would be live alike."""
    return one.keys() == other.keys() and all(
        version.pointer == other[name].pointer
        and version.attributes == other[name].attributes
        for name, version in one.items()
    )


def version_from_row(row: Mapping[str, Any], deployment_id: int) -> FunctionVersion:
    """Return the function version of a row of `stopgap.fn_version`."""
    return FunctionVersion(
        fn_name=row["fn_name"],
        kind=row["kind"],
        artifact_hash=row["artifact_hash"],
        pointer=stored_pointer(row["pointer"], row["artifact_hash"]),
        attributes=attributes_from_json(row["attributes"]),
        deployment_id=deployment_id,
    )
