"""Scanning: the source schema of a deploy or a diff, checked and read."""

from __future__ import annotations

from typing import NamedTuple

from .catalog import SourceSchema, find_source_schema, namesakes, source_functions
from .errors import SourceSchemaMissing, SourceSchemaRefused, SourceSchemaUsageMissing
from .names import check_schema_argument, quote_identifier
from .session import Session
from .settings import LogLevel
from .source import Scan, divide, refuse_ambiguous


class Source(NamedTuple):
    """A source schema that the caller may use."""

    name: str
    oid: int


def check_source_schema(session: Session, from_schema: str | None) -> Source:
    """Return the source schema, or refuse it."""
    name = check_schema_argument(from_schema, "from_schema")
    caller = session.caller.role
    found = find_source_schema(session.database, name, caller)
    if found is None:
        raise SourceSchemaMissing(
            f'source schema "{name}" does not exist',
            hint="Its name is taken as it is written, capitals and all.",
        )
    _require_usage(found, name, caller)
    if found.live_schema_of is not None:
        raise SourceSchemaRefused(
            f'schema "{name}" is the live schema of environment'
            f' "{found.live_schema_of}", not a source schema',
            hint="Deploy from the schema in which the functions are written.",
        )
    return Source(name, found.oid)


def check_source_usage(session: Session, name: str) -> None:
    """Refuse a caller who may not look into a source schema, if it is there at all."""
    caller = session.caller.role
    found = find_source_schema(session.database, name, caller)
    if found is not None:
        _require_usage(found, name, caller)


def _require_usage(found: SourceSchema, name: str, caller: str) -> None:
    if found.caller_has_usage:
        return
    schema, role = quote_identifier(name), quote_identifier(caller)
    raise SourceSchemaUsageMissing(
        f'role "{caller}" lacks USAGE on source schema "{name}"',
        hint=f"grant usage on schema {schema} to {role};",
    )


def scan_source(session: Session, source: Source) -> Scan:
    """Return what the schema holds; skipped functions are told at level info."""
    found = divide(source_functions(session.database, source.oid))
    refuse_ambiguous(found.deployable, namesakes(session.database, source.oid))
    for each in found.skipped:
        session.log(
            LogLevel.INFO, f'function "{each.fn_name}" is skipped: {each.reason}'
        )
    return found
