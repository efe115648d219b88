"""Grants on live functions: the first ones, and those that come back."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Set
from typing import NamedTuple

# The key that stands for everybody; no role can have this name.
PUBLIC = "public"


class Grant(NamedTuple):
    """EXECUTE for one role."""

    grantee: str
    is_grantable: bool = False


class DefaultGrantees(NamedTuple):
    """Roles that default privileges of stopgap_owner give what it makes."""

    of_functions: tuple[str, ...] = ()
    of_schemas: tuple[str, ...] = ()


class Grants(NamedTuple):
    """What decides who may execute created functions."""

    # By function; those without get the first grants.
    saved: Mapping[str, tuple[Grant, ...]] = {}
    # They are to have nothing by default.
    defaults: DefaultGrantees = DefaultGrantees()


# What a function that was never live before starts with.
FIRST_GRANTS = (Grant("app_user"),)


def grants_from_json(text: str) -> tuple[Grant, ...]:
    """Return the grants that `dropped_function.grants` keeps."""
    return tuple(
        Grant(grantee, is_grantable=bool(stored["grantable"]))
        for grantee, stored in sorted(json.loads(text).items())
    )


def without_missing_roles(
    grants: Mapping[str, tuple[Grant, ...]], existing: Set[str]
) -> dict[str, tuple[Grant, ...]]:
    """Return the grants by function without those of roles that are gone.

    What everybody was granted is left out too: it would be drift.
    """
    return {
        name: tuple(grant for grant in each if grant.grantee in existing - {PUBLIC})
        for name, each in grants.items()
    }


def functions_by_grant(
    names: Iterable[str], saved: Mapping[str, tuple[Grant, ...]]
) -> dict[Grant, list[str]]:
    """Group created functions by grant, so that one statement grants many."""
    grouped: defaultdict[Grant, list[str]] = defaultdict(list)
    for name in names:
        for grant in saved.get(name, FIRST_GRANTS):
            grouped[grant].append(name)
    return dict(grouped)
