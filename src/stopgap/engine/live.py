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
    # Everybody may execute it, which no deployment grants.
    is_public: bool = False
    # It has no access control list, which each function of the engine starts with: its
    # grants are lost, as in a restore without privileges.
    has_lost_grants: bool = False

    def differs_from(self, version: FunctionVersion) -> tuple[str, ...]:
        """Return in what it is not this version, its owner apart."""
        found = []
        if not self.is_replaceable:
            found.append("signature")
        if self.language != "plts":
            found.append("language")
        if self.security_definer:
            found.append("security_definer")
        if self.body != version.pointer:
            found.append("body")
        if self.has_extras or self.attributes != version.attributes:
            found.append("attributes")
        if self.is_public:
            found.append("grants")
        return tuple(found)

    def is_defined_as(self, version: FunctionVersion) -> bool:
        """Tell whether it is this version, whoever may execute it."""
        return all(what == "grants" for what in self.differs_from(version))

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


def live_functions_from_row(row: Mapping[str, Any]) -> list[LiveFunction]:
    """Return the live functions of a row of the catalog, which are alike."""
    attributes = attributes_from_catalog(row)
    is_owned, is_replaceable = row["is_owned"], row["is_replaceable"]
    language, security_definer = row["language"], row["security_definer"]
    has_extras = row["has_extras"]
    is_public, has_lost_grants = row["is_public"], row["has_lost_grants"]
    return [
        LiveFunction(
            oid,
            name,
            is_owned,
            is_replaceable,
            language,
            security_definer,
            has_extras,
            body,
            attributes.with_comment(comment),
            is_public,
            has_lost_grants,
        )
        for oid, name, body, comment in zip(
            row["oids"], row["names"], row["bodies"], row["comments"], strict=True
        )
    ]
