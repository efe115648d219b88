"""Requirements: what stopgap_owner must be allowed before it makes live functions."""

from __future__ import annotations

from collections.abc import Mapping

from .attributes import Attributes
from .catalog import unsettable_parameters
from .database import Database
from .errors import LanguageUsageMissing, SetClauseNotAllowed
from .names import quote_parameter
from .session import Session


def require_language(session: Session) -> None:
    """Refuse before CREATE FUNCTION does, which would not tell what to grant."""
    if session.privileges.owner_has_language:
        return
    raise LanguageUsageMissing(
        "stopgap_owner lacks USAGE on language plts",
        hint="As a superuser: grant usage on language plts to stopgap_owner;",
    )


def require_parameters(database: Database, functions: Mapping[str, Attributes]) -> None:
    """Refuse SET clauses before CREATE FUNCTION does, which names no function."""
    distinct = set(functions.values())
    names = {name for attributes in distinct for name in attributes.parameters()}
    refused = unsettable_parameters(database, names)
    if not refused:
        return
    users = [
        name
        for name, attributes in functions.items()
        if not set(refused).isdisjoint(attributes.parameters())
    ]
    parameters = ", ".join(f'"{name}"' for name in refused)
    raise SetClauseNotAllowed(
        f"stopgap_owner may not set {parameters} for live functions",
        detail=f"Functions with such a SET clause: {', '.join(users)}.",
        hint=f"As a superuser: grant set on parameter {quote_parameter(refused[0])}"
        " to stopgap_owner;",
    )
