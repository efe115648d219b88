"""The live schema as the catalog has it, against what a deployment says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from .attributes import Attributes, attributes_from_catalog
from .version import FunctionVersion


class LiveFunction(NamedTuple):
    """A function of the live schema whose parameters are (jsonb)."""

    oid: int
    name: str
    # Its owner is stopgap_owner, without whom it can be neither replaced nor dropped.
    is_owned: bool
    # It is a function (args jsonb) returns jsonb, which CREATE OR REPLACE keeps.
    is_replaceable: bool
    language: str
    security_definer: bool
    # It has what no deployment gives: LEAKPROOF, a support function, transforms.
    has_extras: bool
    body: str
    attributes: Attributes

    def differs_from(self, version: FunctionVersion) -> tuple[str, ...]:
        """Return in what it is not this version, its owner apart."""
        found = (
            ("signature", not self.is_replaceable),
            ("language", self.language != "plts"),
            ("security_definer", self.security_definer),
            ("body", self.body != version.pointer),
            ("attributes", self.has_extras or self.attributes != version.attributes),
        )
        return tuple([name for name, differs in found if differs])

    def runs(self, version: FunctionVersion) -> bool:
        """Tell whether it is, in everything that is deployed, this version."""
        return not self.differs_from(version)


class LiveSchema(NamedTuple):
    """All functions of a live schema."""

    # By name; those that the engine can have made.
    functions: Mapping[str, LiveFunction]
    # The signatures of those that it never makes: other parameters than (jsonb).
    strangers: tuple[str, ...] = ()
    # Who owns the schema; None where there is none.
    owner: str | None = None
    is_owned: bool = False


def live_from_row(row: Mapping[str, Any]) -> LiveFunction:
    """Return the live function of a row of the catalog."""
    return LiveFunction(
        oid=row["oid"],
        name=row["name"],
        is_owned=row["is_owned"],
        is_replaceable=row["is_replaceable"],
        language=row["language"],
        security_definer=row["security_definer"],
        has_extras=row["has_extras"],
        body=row["body"],
        attributes=attributes_from_catalog(row),
    )
