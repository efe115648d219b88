"""What a benchmark finds out: rows of measured values, each with the aim it has."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

OURS = "plts"
BASELINE = "plpgsql"


class WrongResult(Exception):
    """A function did not return what it must, so that timing it would mean nothing."""


@dataclass(frozen=True, slots=True)
class Aim:
    """What our value should be: at most a number, or at most so many times a peer's."""

    at_most: float
    times: str | None = None

    def reached(self, values: dict[str, float]) -> bool | None:
        """Say whether it is reached; None where a value is missing."""
        ours = values.get(OURS)
        if ours is None:
            return None
        if self.times is None:
            return ours <= self.at_most
        peer = values.get(self.times)
        return None if peer is None else ours <= self.at_most * peer


@dataclass(frozen=True, slots=True)
class Row:
    """One thing measured: its values by language, and why others have none."""

    name: str
    what: str
    unit: str
    values: dict[str, float]
    aim: Aim | None = None
    failures: dict[str, str] = field(default_factory=dict)

    def ratio(self) -> float | None:
        """Return our value in terms of the peer that the aim names, else PL/pgSQL's."""
        peer = (self.aim.times if self.aim else None) or BASELINE
        if OURS not in self.values or not self.values.get(peer):
            return None
        return self.values[OURS] / self.values[peer]

    def as_json(self) -> dict[str, Any]:
        """Return the row as it stands in the JSON file."""
        aim = self.aim
        return {
            "name": self.name,
            "what": self.what,
            "unit": self.unit,
            "values": self.values,
            "failures": self.failures,
            "aim": None if aim is None else {"at_most": aim.at_most, "of": aim.times},
            "ratio": self.ratio(),
            "reached": None if aim is None else aim.reached(self.values),
        }
