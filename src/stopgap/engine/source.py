"""The source schema: which of its functions can be deployed, and why others not."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from .attributes import Attributes, attributes_from_catalog
from .errors import AmbiguousFunction


class Shape(NamedTuple):
    """What decides whether functions can be deployed; thousands are alike in it."""

    # pg_proc.prokind: f, p, a or w.
    prokind: str
    argument_types: tuple[str, ...]
    # Empty where no argument has a name.
    argument_names: tuple[str, ...]
    # Empty where every argument is an IN argument.
    argument_modes: tuple[str, ...]
    default_count: int
    return_type: str
    returns_set: bool
    security_definer: bool
    is_pointer: bool


class SourceFunction(NamedTuple):
    """A function of the language plts in the source schema."""

    oid: int
    name: str
    attributes: Attributes
    # Why it is not deployable, None when it is.
    skip_reason: str | None


class Skipped(NamedTuple):
    """A plts function that is not deployed."""

    fn_name: str
    reason: str


def skipped_from_json(text: str | None) -> tuple[Skipped, ...]:
    """Return what a manifest lists as skipped; nothing where it lists none."""
    stored = json.loads(text) if text else None
    return tuple(Skipped(each["fn_name"], each["reason"]) for each in stored or ())


class Scan(NamedTuple):
    """What a source schema holds."""

    deployable: tuple[SourceFunction, ...]
    skipped: tuple[Skipped, ...]


def source_functions_from_row(row: Mapping[str, Any]) -> list[SourceFunction]:
    """Return the source functions of a row of the catalog, which are alike."""
    shape = Shape(
        prokind=row["prokind"],
        argument_types=tuple(row["argument_types"] or ()),
        argument_names=tuple(row["argument_names"] or ()),
        argument_modes=tuple(row["argument_modes"] or ()),
        default_count=row["default_count"],
        return_type=row["return_type"],
        returns_set=row["returns_set"],
        security_definer=row["security_definer"],
        is_pointer=row["is_pointer"],
    )
    reason = skip_reason(shape)
    attributes = attributes_from_catalog(row)
    return [
        SourceFunction(oid, name, attributes.with_comment(comment), reason)
        for oid, name, comment in zip(
            row["oids"], row["names"], row["comments"], strict=True
        )
    ]


def skip_reason(shape: Shape) -> str | None:
    """Return why functions are not deployable, None when they are."""
    kinds = {"p": "a procedure", "w": "a window function", "a": "an aggregate"}
    if shape.prokind in kinds:
        return f"it is {kinds[shape.prokind]}"
    if shape.security_definer:
        return "it is SECURITY DEFINER: live functions run as their caller"
    if shape.argument_modes:
        return "it has OUT, INOUT or VARIADIC parameters"
    if shape.argument_types != ("jsonb",):
        given = ", ".join(shape.argument_types)
        return f"its parameters are ({given}), not (args jsonb)"
    if shape.argument_names != ("args",):
        names = shape.argument_names
        called = f'named "{names[0]}"' if names and names[0] else "not named"
        return f'its parameter is {called}, not named "args"'
    if shape.default_count:
        return "its parameter has a default, which a live function cannot have"
    if shape.returns_set or shape.return_type != "jsonb":
        setof = "setof " if shape.returns_set else ""
        return f"it returns {setof}{shape.return_type}, not jsonb"
    if shape.is_pointer:
        return "its body is a pointer, not TypeScript"
    return None


def divide(functions: Iterable[SourceFunction]) -> Scan:
    """Divide the plts functions of a schema into deployable ones and others."""
    deployable: list[SourceFunction] = []
    skipped: list[Skipped] = []
    for function in functions:
        if function.skip_reason is None:
            deployable.append(function)
        else:
            skipped.append(Skipped(function.name, function.skip_reason))
    return Scan(tuple(deployable), tuple(skipped))


def refuse_ambiguous(
    deployable: Iterable[SourceFunction], namesakes: Mapping[str, Sequence[str]]
) -> None:
    """Refuse functions whose name stands for others of the schema too.

    `namesakes` are the signatures of every name that several functions have.
    """
    ambiguous = [each.name for each in deployable if each.name in namesakes]
    if not ambiguous:
        return
    names = ", ".join(f'"{name}"' for name in ambiguous)
    raise AmbiguousFunction(
        f"more than one function of the source schema has the name {names}",
        detail="\n".join(f"{name}: {', '.join(namesakes[name])}" for name in ambiguous),
        hint="Rename or drop all but one of each: a live function has one signature.",
    )
