"""Drift: how the live schema differs from what was activated last."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import NamedTuple

from .live import LiveSchema
from .version import Versions


class Drift(NamedTuple):
    """What people did to the live schema by hand, and what a restore left out."""

    # What was changed of each function.
    changed: Mapping[str, tuple[str, ...]] = {}
    dropped: tuple[str, ...] = ()
    # Names, and signatures of what has other parameters than a live function.
    added: tuple[str, ...] = ()
    missing_artifacts: tuple[str, ...] = ()
    # What is wrong with the schema itself.
    live_schema: str | None = None

    @property
    def given_away(self) -> list[str]:
        """The functions of another owner, whom alone they obey."""
        return [name for name, what in self.changed.items() if "owner" in what]

    def to_json(self) -> dict[str, object]:
        """Return the value of `drift` in the status."""
        found = {
            "changed": list(self.changed),
            "dropped": list(self.dropped),
            "added": list(self.added),
            "missing_artifacts": list(self.missing_artifacts),
            "live_schema": self.live_schema,
        }
        return {
            "has_drift": any(found.values()),
            **found,
            "changes": {name: list(what) for name, what in self.changed.items()},
        }


def find_drift(
    expected: Versions, live: LiveSchema, missing_artifacts: Set[str] = frozenset()
) -> Drift:
    """Compare the live schema with what the environment made live."""
    return Drift(
        changed=_changed(expected, live),
        dropped=tuple(sorted(expected.keys() - live.functions.keys())),
        added=tuple(
            [*sorted(live.functions.keys() - expected.keys()), *sorted(live.strangers)]
        ),
        missing_artifacts=tuple(
            sorted(
                name
                for name, version in expected.items()
                if version.artifact_hash in missing_artifacts
            )
        ),
        live_schema=_schema_drift(expected, live),
    )


def _changed(expected: Versions, live: LiveSchema) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for name, version in expected.items():
        function = live.functions.get(name)
        if function is None:
            continue
        what = function.differs_from(version)
        if not function.is_owned:
            what = (*what, "owner")
        if what:
            found[name] = what
    return dict(sorted(found.items()))


def _schema_drift(expected: Versions, live: LiveSchema) -> str | None:
    if live.owner is None:
        # An environment that never ran anything need not have it yet.
        return "it does not exist" if expected else None
    if not live.is_owned:
        return f'it belongs to "{live.owner}", not to stopgap_owner'
    return None
