"""after_restore: gives the engine back what a dump or a template does not carry."""

from __future__ import annotations

import json

from ..catalog import find_live_schema, read_live_schema
from ..database import Database
from ..errors import SuperuserRequired
from ..live import LiveFunction
from ..names import quote_identifier
from ..options import check_no_options
from ..session import Session
from ..store import target_of


def after_restore(session: Session, options: str | None) -> str:
    """Re-own live schemas and functions, let stopgap_owner create schemas, add keys.

    Ids go on after those that are there. Doing it again changes nothing. Returns what
    was found and done as JSON.
    """
    check_no_options(options)
    if not session.privileges.is_superuser:
        raise SuperuserRequired(
            f'role "{session.caller.role}" is not a superuser',
            detail="Objects are given to stopgap_owner, whoever owns them now.",
        )
    database = session.database
    database.execute(
        f"grant create on database {quote_identifier(session.privileges.database)}"
        " to stopgap_owner"
    )
    for row in database.fetch("roles_that_cannot_read"):
        database.execute(f"grant stopgap_reader to {quote_identifier(row['role'])}")
    database.fetch("add_foreign_keys")
    database.fetch("advance_sequences")
    schemas = []
    functions: list[str] = []
    for row in database.fetch("environments"):
        schema = row["live_schema"]
        if find_live_schema(database, schema) is None:
            continue
        schemas.append(schema)
        functions += _reown(database, schema, row["active_deployment_id"])
    return json.dumps(
        {
            "database": session.privileges.database,
            "live_schemas": schemas,
            "functions": functions,
        },
        ensure_ascii=False,
    )


def _reown(database: Database, schema: str, active_id: int | None) -> list[str]:
    """Re-own a live schema and what was deployed into it; return those functions."""
    name = quote_identifier(schema)
    database.execute(
        f"alter schema {name} owner to stopgap_owner;"
        f"revoke all on schema {name} from public;"
        f"grant usage on schema {name} to app_user, stopgap_deployer"
    )
    live = read_live_schema(database, schema).functions
    expected = target_of(database, active_id).versions()
    foreign = [
        live[each]
        for each in sorted(expected.keys() & live.keys())
        if not live[each].is_owned and live[each].is_replaceable
    ]
    if foreign:
        database.execute(";".join(_change_owner(name, each) for each in foreign))
    return [f"{schema}.{each.name}" for each in foreign]


def _change_owner(schema: str, function: LiveFunction) -> str:
    return (
        f"alter function {schema}.{quote_identifier(function.name)}(pg_catalog.jsonb)"
        " owner to stopgap_owner"
    )
