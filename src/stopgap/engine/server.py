"""The door from PL/Python: one function for each SQL function of the extension.

Here, and only here, the engine's errors become errors of the server, and calls are
counted. A verb is loaded by its first call, for most sessions call just one.
"""

from __future__ import annotations

import gc as cycles
import json
from collections.abc import Callable
from typing import Any, TypeVar

from . import __version__
from .database import ErrorFields, Severity, SqlError
from .errors import EngineError, ErrorClass
from .log_line import refusal_line
from .metrics import Metrics
from .plpy_database import Plpy, PlpyDatabase
from .session import Session, open_session
from .timing import TOTAL, Seconds

T = TypeVar("T")

_METRICS = Metrics()
# The verbs whose refusals the server's log has: those that change something.
_LOGGED = frozenset(
    {
        "deploy",
        "rollback",
        "activate",
        "repair",
        "promote",
        "import_deployment",
        "record_failure",
        "gc",
        "after_restore",
    }
)


def version() -> str:
    """Answer `stopgap.version()`."""
    return __version__


def metrics() -> str:
    """Answer `stopgap.metrics()`."""
    return json.dumps(_METRICS.report())


def deploy(
    plpy: Plpy,
    env: str | None,
    from_schema: str | None,
    label: str | None,
    options: str | None,
) -> int:
    """Answer `stopgap.deploy(…)`."""
    from .verbs.deploy import deploy as run

    return _run(
        plpy, "deploy", lambda s: run(s, env, from_schema, label, options), env=env
    )


def rollback(
    plpy: Plpy,
    env: str | None,
    steps: int | None,
    to_id: int | None,
    options: str | None,
) -> int:
    """Answer `stopgap.rollback(…)`."""
    from .verbs.rollback import rollback as run

    return _run(plpy, "rollback", lambda s: run(s, env, steps, to_id, options), env=env)


def status(plpy: Plpy, env: str | None) -> str | None:
    """Answer `stopgap.status(…)`."""
    from .verbs.status import status as run

    return _run(plpy, "status", lambda s: run(s, env))


def deployments(
    plpy: Plpy,
    env: str | None,
    max_count: int | None,
    before_id: int | None,
    with_functions: bool | None,
) -> str:
    """Answer `stopgap.deployments(…)`."""
    from .verbs.deployments import deployments as run

    return _run(
        plpy,
        "deployments",
        lambda s: run(s, env, max_count, before_id, with_functions),
    )


def diff(
    plpy: Plpy, env: str | None, from_schema: str | None, options: str | None
) -> str:
    """Answer `stopgap.diff(…)`."""
    from .verbs.diff import diff as run

    return _run(plpy, "diff", lambda s: run(s, env, from_schema, options))


def plan(
    plpy: Plpy, env: str | None, from_schema: str | None, options: str | None
) -> str:
    """Answer `stopgap.plan(…)`."""
    from .verbs.plan import plan as run

    return _run(plpy, "plan", lambda s: run(s, env, from_schema, options))


def activate(
    plpy: Plpy, env: str | None, deployment_id: int | None, options: str | None
) -> int:
    """Answer `stopgap.activate(…)`."""
    from .verbs.activate import activate as run

    return _run(
        plpy, "activate", lambda s: run(s, env, deployment_id, options), env=env
    )


def repair(plpy: Plpy, env: str | None, options: str | None) -> str:
    """Answer `stopgap.repair(…)`."""
    from .verbs.repair import repair as run

    return _run(plpy, "repair", lambda s: run(s, env, options), env=env)


def promote(
    plpy: Plpy, from_env: str | None, to_env: str | None, options: str | None
) -> int:
    """Answer `stopgap.promote(…)`."""
    from .verbs.promote import promote as run

    return _run(
        plpy, "promote", lambda s: run(s, from_env, to_env, options), env=to_env
    )


def export_deployment(
    plpy: Plpy, env: str | None, deployment_id: int | None, options: str | None
) -> str:
    """Answer `stopgap.export_deployment(…)`."""
    from .verbs.export_deployment import export_deployment as run

    return _run(
        plpy,
        "export_deployment",
        lambda s: run(s, env, deployment_id, options),
    )


def import_deployment(
    plpy: Plpy, env: str | None, bundle: str | None, options: str | None
) -> int:
    """Answer `stopgap.import_deployment(…)`."""
    from .verbs.import_deployment import import_deployment as run

    return _run(
        plpy, "import_deployment", lambda s: run(s, env, bundle, options), env=env
    )


def record_failure(
    plpy: Plpy,
    env: str | None,
    from_schema: str | None,
    error: str | None,
    options: str | None,
) -> int:
    """Answer `stopgap.record_failure(…)`."""
    from .verbs.record_failure import record_failure as run

    return _run(
        plpy,
        "record_failure",
        lambda s: run(s, env, from_schema, error, options),
        env=env,
    )


def find_deployment(plpy: Plpy, env: str | None, token: str | None) -> int | None:
    """Answer `stopgap.find_deployment(…)`."""
    from .verbs.find_deployment import find_deployment as run

    return _run(plpy, "find_deployment", lambda s: run(s, env, token))


def gc(plpy: Plpy, options: str | None) -> str:
    """Answer `stopgap.gc(…)`."""
    from .verbs.gc import gc as run

    return _run(plpy, "gc", lambda s: run(s, options))


def verify(plpy: Plpy, options: str | None) -> str:
    """Answer `stopgap.verify(…)`."""
    from .verbs.verify import verify as run

    return _run(plpy, "verify", lambda s: run(s, options))


def after_restore(plpy: Plpy, options: str | None) -> str:
    """Answer `stopgap.after_restore(…)`."""
    from .verbs.after_restore import after_restore as run

    return _run(plpy, "after_restore", lambda s: run(s, options))


def _run(
    plpy: Plpy, verb: str, work: Callable[[Session], T], *, env: str | None = None
) -> T:
    operation = _METRICS.operation(verb)
    seconds = Seconds()
    database = PlpyDatabase(plpy)
    session: Session | None = None
    error_class: ErrorClass | None = ErrorClass.UNKNOWN
    # It would look at all that a verb has made of thousands of functions, again and
    # again, and find no cycles.
    collects = cycles.isenabled()
    cycles.disable()
    try:
        session = open_session(database, seconds=seconds)
        result = work(session)
        error_class = None
    except (EngineError, SqlError) as error:
        if isinstance(error, EngineError):
            error_class = error.error_class
            fields = ErrorFields(error.message, error.detail, error.hint)
        else:
            error_class = ErrorClass.SQL
            fields = error.fields
        if verb in _LOGGED:
            line = refusal_line(
                verb,
                env,
                session and session.caller,
                error_class,
                error.sqlstate,
                fields.message,
                seconds.report(),
            )
            database.say(Severity.LOG, line)
        raise server_error(plpy, verb, error.sqlstate, fields) from None
    finally:
        if collects:
            cycles.enable()
        if operation is not None:
            operation.record(seconds.report()[TOTAL] * 1000, error_class)
    return result


def server_error(plpy: Plpy, verb: str, sqlstate: str, fields: ErrorFields) -> Any:
    """Return the exception that makes PL/Python raise an error with these fields.

    PL/Python writes "module.class: " before every message; the class is made so
    that this reads `stopgap.deploy: …`. The attributes are those that plpy.error()
    sets, read by PLy_get_error_data() of src/pl/plpython/plpy_elog.c.
    """
    error = type(verb, (plpy.Error,), {"__module__": "stopgap"})(fields.message)
    error.sqlstate = sqlstate
    error.detail = fields.detail
    error.hint = fields.hint
    error.schema_name = fields.schema_name
    error.table_name = fields.table_name
    error.column_name = fields.column_name
    error.datatype_name = fields.datatype_name
    error.constraint_name = fields.constraint_name
    return error
