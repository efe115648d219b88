"""Materialization, planned: what makes the live schema say what a deployment says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from .errors import EngineError, LiveFunctionConflict, LiveObjectNotOwned
from .live import LiveFunction, LiveSchema
from .names import quote_identifier
from .version import FunctionVersion, VersionRef, same_functions

# Enough for a person to see what is meant; the rest is counted.
_MAX_NAMES = 20


class Replacement(NamedTuple):
    """A live function and the version that it is to become."""

    live: LiveFunction
    version: FunctionVersion


class Kept(NamedTuple):
    """A function that would be dropped, if nothing depended on it."""

    ref: VersionRef
    dependents: tuple[str, ...]


class HandEdit(NamedTuple):
    """What people did to a live function by hand, and loses by a change."""

    fn_name: str
    # As drift names it; "added" or "dropped" for a function as a whole.
    what: tuple[str, ...]
    # What becomes of the function: "replaced", "created" or "dropped".
    becomes: str

    def to_json(self) -> dict[str, object]:
        """Return it as plans and outcomes have it."""
        return {
            "fn_name": self.fn_name,
            "changed": list(self.what),
            "becomes": self.becomes,
        }


class Materialization(NamedTuple):
    """The changes to the live schema, and what stays although no longer deployed."""

    create: tuple[FunctionVersion, ...] = ()
    replace: tuple[Replacement, ...] = ()
    unchanged: tuple[FunctionVersion, ...] = ()
    drop: tuple[LiveFunction, ...] = ()
    kept: tuple[Kept, ...] = ()
    # Live besides the deployment's own functions after all this; with `kept`.
    retained: tuple[VersionRef, ...] = ()
    # Of what is replaced, created and dropped: what was not as it was deployed.
    hand_edits: tuple[HandEdit, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Tell whether no DDL is needed."""
        return not (self.create or self.replace or self.drop)


class Target(NamedTuple):
    """What is live by a deployment, or is to be."""

    # The functions of the deployment itself.
    deployed: Mapping[str, FunctionVersion] = {}
    # What was retained with it when it last was active; none for a new one.
    retained: Mapping[str, FunctionVersion] = {}

    def versions(self) -> dict[str, FunctionVersion]:
        """Return all of it by name; what is deployed wins."""
        return {**self.retained, **self.deployed}


def obsolete_functions(
    target: Target, current: Target, live: LiveSchema
) -> list[LiveFunction]:
    """Return what this environment made live and the target lacks.

    Functions that people made in the live schema are theirs to drop.
    """
    wanted = target.versions()
    return [
        live.functions[name]
        for name in sorted(current.versions())
        if name not in wanted and name in live.functions
    ]


def made_before(
    known: Sequence[FunctionVersion], target: Target, live: LiveSchema
) -> dict[str, FunctionVersion]:
    """Return the versions of the environment that live functions still are, by name.

    They are what the engine made live here before the rows of another database said
    that other functions are.
    """
    wanted = target.versions()
    return {
        version.fn_name: version
        for version in known
        if version.fn_name not in wanted
        and (function := live.functions.get(version.fn_name)) is not None
        and function.is_owned
        and function.body == version.pointer
    }


def plan(
    target: Target,
    current: Target,
    live: LiveSchema,
    *,
    drop_obsolete: bool,
    dependents: Mapping[int, Sequence[str]],
) -> Materialization:
    """Return the changes that bring the live schema to the target.

    `current` is what the environment made live until now. `dependents` describes,
    by oid, what depends on the obsolete functions: those stay, as after
    DROP … RESTRICT.
    """
    wanted = target.versions()
    expected = current.versions()
    create = [wanted[name] for name in sorted(wanted.keys() - live.functions.keys())]
    replace: list[Replacement] = []
    unchanged: list[FunctionVersion] = []
    for name in sorted(wanted.keys() & live.functions.keys()):
        function, version = live.functions[name], wanted[name]
        if function.runs(version):
            unchanged.append(version)
        else:
            replace.append(Replacement(function, version))
    obsolete = obsolete_functions(target, current, live)
    drop = [each for each in obsolete if drop_obsolete and not dependents.get(each.oid)]
    dropped = {each.name for each in drop}
    staying = [
        _ref(expected[each.name]) for each in obsolete if each.name not in dropped
    ]
    return Materialization(
        create=tuple(create),
        replace=tuple(replace),
        unchanged=tuple(unchanged),
        drop=tuple(drop),
        kept=tuple(
            Kept(ref, tuple(dependents[live.functions[ref.fn_name].oid]))
            for ref in staying
            if drop_obsolete
        ),
        retained=tuple(retained_refs(target, staying)),
        hand_edits=tuple(_hand_edits(expected, create, replace, drop)),
    )


def _hand_edits(
    expected: Mapping[str, FunctionVersion],
    create: Sequence[FunctionVersion],
    replace: Sequence[Replacement],
    drop: Sequence[LiveFunction],
) -> Iterator[HandEdit]:
    """Return what is not as it was made live, of all that changes."""
    for version in create:
        if version.fn_name in expected:
            yield HandEdit(version.fn_name, ("dropped",), "created")
    touched = [(each.live, "replaced") for each in replace]
    touched += [(each, "dropped") for each in drop]
    for function, becomes in touched:
        deployed = expected.get(function.name)
        what = ("added",) if deployed is None else function.differs_from(deployed)
        if what:
            yield HandEdit(function.name, what, becomes)


def not_owned(names: Sequence[str]) -> LiveObjectNotOwned:
    """Return the refusal to touch functions of others."""
    return LiveObjectNotOwned(
        f"live functions do not belong to stopgap_owner: {listed_names(names)}",
        detail="Only their owner can replace or drop them.",
        hint="As a superuser: select stopgap.after_restore(); gives back what is the"
        " engine's; what was made by hand in its place, drop.",
    )


def is_change(
    target: Target, current: Target, materialization: Materialization
) -> bool:
    """Tell whether there is anything to do: to live functions, or to the record."""
    return (
        not materialization.is_empty
        or not same_functions(target.deployed, current.deployed)
        or {ref.fn_name for ref in materialization.retained} != current.retained.keys()
    )


def as_it_is(current: Target) -> Materialization:
    """Return the plan that leaves everything alone."""
    return Materialization(
        unchanged=tuple(current.versions().values()),
        retained=tuple(retained_refs(current)),
    )


def retained_refs(
    target: Target, staying: Sequence[VersionRef] = ()
) -> list[VersionRef]:
    """Return what is live besides the deployed functions, with what stays too."""
    brought_back = [
        _ref(version)
        for name, version in target.retained.items()
        if name not in target.deployed
    ]
    return sorted([*brought_back, *staying], key=lambda ref: ref.fn_name)


def _ref(version: FunctionVersion) -> VersionRef:
    if version.deployment_id is None:
        raise ValueError(f"version of {version.fn_name} belongs to no deployment yet")
    return VersionRef(version.fn_name, version.deployment_id)


def untouchable(materialization: Materialization) -> list[EngineError]:
    """Return what is in the way of replacing and dropping live functions."""
    functions = [each.live for each in materialization.replace]
    functions += materialization.drop
    found: list[EngineError] = []
    foreign = [each.name for each in functions if not each.is_owned]
    if foreign:
        found.append(not_owned(foreign))
    irreplaceable = [each.name for each in functions if not each.is_replaceable]
    if irreplaceable:
        names = listed_names(irreplaceable)
        found.append(
            LiveFunctionConflict(
                f"live functions are no longer (args jsonb) returns jsonb: {names}",
                detail="They were changed by hand, and cannot be replaced as they are.",
                hint="Drop them as a superuser, then run this again.",
            )
        )
    return found


def listed_names(names: Sequence[str]) -> str:
    """Return names in words, of which many are counted and not shown."""
    shown = ", ".join(quote_identifier(name) for name in names[:_MAX_NAMES])
    more = len(names) - _MAX_NAMES
    return f"{shown} and {more} more" if more > 0 else shown
