"""The difference between the active deployment and a source schema."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from .attributes import Attributes, changed_attributes
from .json_text import JsonText, quote
from .version import FunctionVersion


class Change(StrEnum):
    """What a deploy would do to a function."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"
    UNCHANGED = "unchanged"


class Candidate(NamedTuple):
    """A function of the source schema, as it would be deployed."""

    artifact_hash: str
    pointer: str
    attributes: Attributes


# What is compared of a function, deployed or about to be.
Definition = FunctionVersion | Candidate


class FunctionDiff(NamedTuple):
    """One function of either side."""

    fn_name: str
    change: Change
    active_artifact_hash: str | None
    candidate_artifact_hash: str | None
    # As JSON names them; empty but for a changed function.
    changed_attributes: tuple[str, ...] = ()


def diff(
    active: Mapping[str, Definition], candidates: Mapping[str, Definition]
) -> tuple[FunctionDiff, ...]:
    """Compare pointers and attributes, by function name."""
    names = sorted(active.keys() | candidates.keys())
    return tuple(
        _function_diff(name, active.get(name), candidates.get(name)) for name in names
    )


def _function_diff(
    name: str, version: Definition | None, candidate: Definition | None
) -> FunctionDiff:
    attributes: list[str] = []
    if version is None:
        change = Change.ADDED
    elif candidate is None:
        change = Change.REMOVED
    else:
        attributes = changed_attributes(version.attributes, candidate.attributes)
        same = version.pointer == candidate.pointer and not attributes
        change = Change.UNCHANGED if same else Change.CHANGED
    return FunctionDiff(
        name,
        change,
        version.artifact_hash if version else None,
        candidate.artifact_hash if candidate else None,
        tuple(attributes),
    )


def summary(functions: tuple[FunctionDiff, ...]) -> dict[str, int]:
    """Count the functions by change; every change has its key."""
    counted = Counter(each.change for each in functions)
    return {change.value: counted[change] for change in Change}


def render_function_diff(function: FunctionDiff) -> JsonText:
    """Return an entry of a diff's function list."""
    return JsonText(f"{{{_members(function)}}}")


def render_function_plan(function: FunctionDiff, typescript: str | None) -> JsonText:
    """Return an entry of a plan's function list, with what changes in its code."""
    return JsonText(f'{{{_members(function)},"diff":{_text(typescript)}}}')


def _members(function: FunctionDiff) -> str:
    attributes = ",".join(map(quote, function.changed_attributes))
    return (
        f'"fn_name":{quote(function.fn_name)},"change":{quote(function.change)}'
        f',"active_artifact_hash":{_text(function.active_artifact_hash)}'
        f',"candidate_artifact_hash":{_text(function.candidate_artifact_hash)}'
        f',"changed_attributes":[{attributes}]'
    )


def _text(text: str | None) -> str:
    return "null" if text is None else quote(text)
