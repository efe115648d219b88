"""The DDL of a materialization, in batches of many statements.

A batch costs one subtransaction, whatever is in it; a call for each statement would
burn a subtransaction id for each function. All names and texts go through the quoting
of `names`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from .attributes import render_attributes
from .grants import PUBLIC, DefaultGrantees, Grants, functions_by_grant
from .live import LiveFunction
from .names import quote_identifier, quote_literal
from .plan import Materialization, Replacement
from .version import FunctionVersion

BATCH_SIZE = 500

T = TypeVar("T")


def create_schema(schema: str, defaults: DefaultGrantees) -> list[str]:
    """Return the statements that make a live schema, for stopgap_owner to run.

    The readers may see what is in it; only its owner can add to it.
    """
    name = quote_identifier(schema)
    return [
        f"create schema {name}",
        f"revoke all on schema {name} from {_everybody(defaults.of_schemas)}",
        f"grant usage on schema {name} to app_user, stopgap_deployer",
    ]


def materialize_statements(
    schema: str,
    materialization: Materialization,
    grants: Grants,
) -> Iterator[list[str]]:
    """Return what drops, creates and replaces, each list for one call of the server."""
    for dropped in _batches([each.name for each in materialization.drop]):
        yield [f"drop function {_signatures(schema, dropped)} restrict"]
    for created in _batches(materialization.create):
        yield [
            *(each for version in created for each in _create(schema, version)),
            *_grant(schema, [each.fn_name for each in created], grants),
        ]
    for replaced in _batches(materialization.replace):
        yield [
            *(each for version in replaced for each in _replace(schema, version)),
            *_regrant(schema, [each.live for each in replaced]),
        ]


def lock_count(materialization: Materialization) -> int:
    """Return how many locks on functions the DDL holds until the transaction ends.

    PostgreSQL 15 locks what it replaces, drops or comments on; a plain creation
    locks nothing, nor does a grant.
    """
    commented = [each for each in materialization.create if each.attributes.comment]
    redefined = [
        each
        for each in materialization.replace
        if not each.live.is_defined_as(each.version)
    ]
    return len(redefined) + len(materialization.drop) + len(commented)


def _create(schema: str, version: FunctionVersion) -> list[str]:
    # Not "or replace": what appeared here since the plan was made is not ours.
    statement = f"create function {_definition(schema, version)}"
    if version.attributes.comment is None:
        return [statement]
    return [statement, _comment(schema, version)]


def _replace(schema: str, replacement: Replacement) -> list[str]:
    version = replacement.version
    if replacement.live.is_defined_as(version):
        return []
    statement = f"create or replace function {_definition(schema, version)}"
    if version.attributes.comment == replacement.live.attributes.comment:
        return [statement]
    return [statement, _comment(schema, version)]


def _definition(schema: str, version: FunctionVersion) -> str:
    return (
        f"{quote_identifier(schema)}.{quote_identifier(version.fn_name)}"
        "(args pg_catalog.jsonb) returns pg_catalog.jsonb language plts"
        f" security invoker {render_attributes(version.attributes)}"
        f" as {quote_literal(version.pointer)}"
    )


def _comment(schema: str, version: FunctionVersion) -> str:
    comment = version.attributes.comment
    text = "null" if comment is None else quote_literal(comment)
    return f"comment on function {_signatures(schema, [version.fn_name])} is {text}"


def _grant(schema: str, names: Sequence[str], grants: Grants) -> Iterator[str]:
    """Return what leaves created functions with their grants, and with no others."""
    everybody = _everybody(grants.defaults.of_functions)
    yield f"revoke all on function {_signatures(schema, names)} from {everybody}"
    for grant, granted in functions_by_grant(names, grants.saved).items():
        option = " with grant option" if grant.is_grantable else ""
        yield (
            f"grant execute on function {_signatures(schema, granted)}"
            f" to {quote_identifier(grant.grantee)}{option}"
        )


def _regrant(schema: str, functions: Sequence[LiveFunction]) -> Iterator[str]:
    """Return what takes functions from everybody, and restores what was lost."""
    public = [each.name for each in functions if each.is_public]
    if public:
        yield f"revoke all on function {_signatures(schema, public)} from public"
    lost = [each.name for each in functions if each.has_lost_grants]
    for grant, names in functions_by_grant(lost, {}).items():
        yield (
            f"grant execute on function {_signatures(schema, names)}"
            f" to {quote_identifier(grant.grantee)}"
        )


def _everybody(default_grantees: Iterable[str]) -> str:
    """Return who has privileges on what is new: PUBLIC, and who else by default."""
    return ", ".join([PUBLIC, *map(quote_identifier, default_grantees)])


def _signatures(schema: str, names: Iterable[str]) -> str:
    return ", ".join(
        f"{quote_identifier(schema)}.{quote_identifier(name)}(pg_catalog.jsonb)"
        for name in names
    )


def _batches(items: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), BATCH_SIZE):
        yield items[start : start + BATCH_SIZE]
