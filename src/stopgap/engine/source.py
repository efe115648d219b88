"""The source schema: which of its functions can be deployed, and why others not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from .attributes import Attributes, attributes_from_catalog
from .errors import AmbiguousFunction


class SourceFunction(NamedTuple):
    """A function of the language plts in the source schema, as pg_proc has it."""

    oid: int
    name: str
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
    # Every function of the schema with this name, whatever its language; none where
    # it is the only one.
    namesakes: tuple[str, ...]
    attributes: Attributes


class Skipped(NamedTuple):
    """A plts function that is not deployed."""

    fn_name: str
    reason: str


class Scan(NamedTuple):
    """What a source schema holds."""

    deployable: tuple[SourceFunction, ...]
    skipped: tuple[Skipped, ...]


def source_from_row(row: Mapping[str, Any]) -> SourceFunction:
    """Return the source function of a row of the catalog."""
    return SourceFunction(
        oid=row["oid"],
        name=row["name"],
        prokind=row["prokind"],
        argument_types=tuple(row["argument_types"] or ()),
        argument_names=tuple(row["argument_names"] or ()),
        argument_modes=tuple(row["argument_modes"] or ()),
        default_count=row["default_count"],
        return_type=row["return_type"],
        returns_set=row["returns_set"],
        security_definer=row["security_definer"],
        is_pointer=row["is_pointer"],
        namesakes=tuple(row["namesakes"] or ()),
        attributes=attributes_from_catalog(row),
    )


def skip_reason(function: SourceFunction) -> str | None:
    """Return why a function is not deployable, None when it is."""
    kinds = {"p": "a procedure", "w": "a window function", "a": "an aggregate"}
    if function.prokind in kinds:
        return f"it is {kinds[function.prokind]}"
    if function.security_definer:
        return "it is SECURITY DEFINER: live functions run as their caller"
    if function.argument_modes:
        return "it has OUT, INOUT or VARIADIC parameters"
    if function.argument_types != ("jsonb",):
        given = ", ".join(function.argument_types)
        return f"its parameters are ({given}), not (args jsonb)"
    if function.argument_names != ("args",):
        names = function.argument_names
        called = f'named "{names[0]}"' if names and names[0] else "not named"
        return f'its parameter is {called}, not named "args"'
    if function.default_count:
        return "its parameter has a default, which a live function cannot have"
    if function.returns_set or function.return_type != "jsonb":
        setof = "setof " if function.returns_set else ""
        return f"it returns {setof}{function.return_type}, not jsonb"
    if function.is_pointer:
        return "its body is a pointer, not TypeScript"
    return None


def divide(functions: Iterable[SourceFunction]) -> Scan:
    """Divide the plts functions of a schema into deployable ones and others."""
    deployable: list[SourceFunction] = []
    skipped: list[Skipped] = []
    for function in functions:
        reason = skip_reason(function)
        if reason is None:
            deployable.append(function)
        else:
            skipped.append(Skipped(function.name, reason))
    return Scan(tuple(deployable), tuple(skipped))


def refuse_ambiguous(deployable: Iterable[SourceFunction]) -> None:
    """Refuse functions whose name stands for others of the schema too."""
    ambiguous = [each for each in deployable if len(each.namesakes) > 1]
    if not ambiguous:
        return
    names = ", ".join(f'"{each.name}"' for each in ambiguous)
    raise AmbiguousFunction(
        f"more than one function of the source schema has the name {names}",
        detail="\n".join(
            f"{each.name}: {', '.join(each.namesakes)}" for each in ambiguous
        ),
        hint="Rename or drop all but one of each: a live function has one signature.",
    )
