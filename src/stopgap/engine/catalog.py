"""What the engine reads of PostgreSQL's catalog and of plts, typed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from .database import Database
from .grants import DefaultGrantees, Grant, without_missing_roles
from .live import LiveSchema, live_functions_from_row
from .lock import LockLimits
from .source import SourceFunction, source_functions_from_row


class SourceSchema(NamedTuple):
    """A schema that functions are deployed from."""

    oid: int
    caller_has_usage: bool
    # The environment whose live schema it is, which makes it no source.
    live_schema_of: str | None


class SchemaOwnership(NamedTuple):
    """An existing schema that is, or is to become, a live schema."""

    oid: int
    is_owned: bool
    owner: str
    # The extension that it is part or home of.
    extension: str | None


def find_source_schema(
    database: Database, schema: str, caller: str
) -> SourceSchema | None:
    """Return a schema as a source, None where there is none."""
    rows = database.fetch("source_schema", schema=schema, caller=caller)
    return SourceSchema(**rows[0]) if rows else None


def source_functions(database: Database, schema_oid: int) -> list[SourceFunction]:
    """Return the plts functions of a schema, by name."""
    rows = database.fetch("source_functions", schema_oid=schema_oid)
    found = [each for row in rows for each in source_functions_from_row(row)]
    return sorted(found, key=lambda function: (function.name, function.oid))


def namesakes(database: Database, schema_oid: int) -> dict[str, list[str]]:
    """Return the signatures of functions that share a name, by that name."""
    rows = database.fetch("namesakes", schema_oid=schema_oid)
    return {row["name"]: row["signatures"] for row in rows}


def find_live_schema(database: Database, schema: str) -> SchemaOwnership | None:
    """Return a schema as a live schema, None where there is none."""
    rows = database.fetch("live_schema", schema=schema)
    return SchemaOwnership(**rows[0]) if rows else None


def read_live_schema(database: Database, schema: str) -> LiveSchema:
    """Return what a live schema holds; nothing where it does not exist."""
    found = find_live_schema(database, schema)
    if found is None:
        return LiveSchema({})
    rows = database.fetch("live_functions", schema_oid=found.oid)
    return LiveSchema(
        functions={
            each.name: each
            for row in rows
            if row["takes_jsonb"]
            for each in live_functions_from_row(row)
        },
        strangers=tuple(
            signature for row in rows for signature in row["signatures"] or ()
        ),
        owner=found.owner,
        is_owned=found.is_owned,
    )


def artifact_sources(database: Database, hashes: Iterable[str]) -> dict[str, str]:
    """Return the TypeScript of artifacts by hash, without those that are missing."""
    rows = database.fetch("artifact_sources", hashes=sorted(set(hashes)))
    return {row["artifact_hash"]: row["source_ts"] for row in rows}


def source_texts(database: Database, oids: Sequence[int]) -> list[str]:
    """Return the texts that are compiled for source functions."""
    rows = database.fetch("source_texts", oids=list(oids))
    return [row["source_ts"] for row in rows]


def dependents_of(database: Database, oids: Sequence[int]) -> dict[int, list[str]]:
    """Describe, by function, what depends on it and would keep it from a DROP."""
    if not oids:
        return {}
    rows = database.fetch("dependents", oids=list(oids))
    return {row["oid"]: row["dependents"] for row in rows}


def missing_artifacts(database: Database, hashes: Iterable[str]) -> frozenset[str]:
    """Return those hashes that plts.artifact lacks."""
    rows = database.fetch("missing_artifacts", hashes=sorted(set(hashes)))
    return frozenset(row["artifact_hash"] for row in rows)


def unsettable_parameters(database: Database, names: Iterable[str]) -> list[str]:
    """Return those parameters that the engine may not put into a SET clause."""
    wanted = sorted(set(names))
    if not wanted:
        return []
    return [
        row["name"] for row in database.fetch("unsettable_parameters", names=wanted)
    ]


def lock_limits(database: Database) -> LockLimits:
    """Return what sizes the lock table of the server."""
    return LockLimits(**database.fetch("lock_limits")[0])


def grantable_now(
    database: Database, grants: Mapping[str, tuple[Grant, ...]]
) -> dict[str, tuple[Grant, ...]]:
    """Return saved grants without those of roles that were dropped since."""
    names = sorted({grant.grantee for each in grants.values() for grant in each})
    if not names:
        return dict(grants)
    rows = database.fetch("existing_roles", names=names)
    return without_missing_roles(grants, {row["name"] for row in rows})


def default_grantees(database: Database, schema: str) -> DefaultGrantees:
    """Return who else has privileges on what stopgap_owner makes, PUBLIC apart."""
    rows = database.fetch("default_grantees", schema=schema)
    return DefaultGrantees(
        of_functions=tuple(row["name"] for row in rows if row["kind"] == "f"),
        of_schemas=tuple(row["name"] for row in rows if row["kind"] == "n"),
    )
