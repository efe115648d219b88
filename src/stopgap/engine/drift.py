"""Drift: how the live schema differs from what was activated last."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass

from .live import LiveSchema
from .version import Versions


@dataclass(frozen=True, slots=True)
class Drift:
    """What people did to the live schema by hand, and what a restore left out."""

    changed: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    # Names, and signatures of what has other parameters than a live function.
    added: tuple[str, ...] = ()
    missing_artifacts: tuple[str, ...] = ()

    def to_json(self) -> dict[str, object]:
        """Return the value of `drift` in the status."""
        found = {
            "changed": list(self.changed),
            "dropped": list(self.dropped),
            "added": list(self.added),
            "missing_artifacts": list(self.missing_artifacts),
        }
        return {"has_drift": any(found.values()), **found}


def find_drift(
    expected: Versions, live: LiveSchema, missing_artifacts: Set[str] = frozenset()
) -> Drift:
    """Compare the live schema with what the environment made live."""
    present = expected.keys() & live.functions.keys()
    changed = [
        name
        for name in present
        if not live.functions[name].runs(expected[name])
        or not live.functions[name].is_owned
    ]
    return Drift(
        changed=tuple(sorted(changed)),
        dropped=tuple(sorted(expected.keys() - present)),
        added=tuple(
            [*sorted(live.functions.keys() - present), *sorted(live.strangers)]
        ),
        missing_artifacts=tuple(
            name
            for name, version in sorted(expected.items())
            if version.artifact_hash in missing_artifacts
        ),
    )
