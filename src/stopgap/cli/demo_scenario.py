"""The scenario of `stopgap demo`: the main job on the example shop, shown and checked.

It keeps to a database of its own on the local server, and makes it anew at each run.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo

from stopgap.cli.demo_calls import ROLLED_BACK, UNCHANGED, VERSION_1, VERSION_2, Call
from stopgap.cli.demo_stage import Stage, environment_for, quoted
from stopgap.cli.place import place_options
from stopgap.errors import StopgapError
from stopgap.server import LocalServer

DATABASE = "stopgap_demo"
LIVE = "live_deployment"
_PSQL = 'psql "$STOPGAP_DB" -q -v ON_ERROR_STOP=1'
_LOAD = "python examples/shop/load.py"
_EXIT_OF_REFUSAL = 11
_EXIT_OF_PSQL = 3
_AUDIT = (
    "select activation_id, action, from_deployment_id, to_deployment_id, to_label, "
    "activated_by from stopgap.activation_audit order by activation_id"
)
_TYPE_ERROR = "Type 'string' is not assignable to type 'number'"


class NoExample(StopgapError):
    """The example shop is not here: the demo needs a checkout of stopgap."""


def perform(*, server: Path | None = None, silent: bool = False) -> Stage:
    """Play the demo on the local server; raise DemoFailed where an answer is wrong."""
    stage = Stage(_checkout(), environment_for(_programs()), silent=silent)
    _start(stage, server)
    with _connect(stage) as operator, _connect(stage) as caller:
        _deploy_version_1(stage, operator, caller)
        _deploy_version_2(stage, operator, caller)
        _roll_back(stage, operator, caller)
        _look_back(stage, operator)
        _fail(stage, operator, caller)
    stage.part(
        "Over to you",
        f"The database {DATABASE} stays for you to try things in: the commands above "
        f"can be typed as they stand. `stopgap down{place_options()}` stops the "
        "server.",
    )
    return stage


def _start(stage: Stage, server: Path | None) -> None:
    stage.part(
        "A private server",
        "Your PostgreSQL's own programs, run from a private tree that has both "
        "extensions. Nothing of the system's PostgreSQL is touched.",
    )
    stage.show(f"$ cd {quoted(str(stage.folder))}")
    stage.show(f"$ export PATH={quoted(str(_programs()))}:$PATH")
    up = "stopgap up" + (f" --dir {quoted(str(server.absolute()))}" if server else "")
    stage.shell(up)
    # Asked once more: a second `up` finds the server that runs.
    running = json.loads(stage.ask(f"{up} --output json"))
    # Last in the path: only for a machine without a psql of its own.
    psql = LocalServer(Path(running["dir"])).psql()
    stage.environment["PATH"] += f":{Path(psql).parent}"

    stage.part("The shop", "A database with tables, and a few thousand rows in them.")
    stage.shell(
        f"psql {quoted(running['dsn'])} -q"
        f" -c 'drop database if exists {DATABASE} with (force)'"
        f" -c 'create database {DATABASE}'"
    )
    stage.export("STOPGAP_DB", make_conninfo(running["dsn"], dbname=DATABASE))
    stage.shell(f"{_PSQL} -c 'create extension stopgap cascade'")
    stage.shell(f"{_PSQL} -f examples/shop/schema.sql -f examples/shop/data.sql")


def _deploy_version_1(stage: Stage, operator: _Session, caller: _Session) -> None:
    stage.part(
        "Version 1",
        "Each file of examples/shop/v1 is one TypeScript function. They are created "
        "in a source schema, shop_src, and type-checked there by CREATE FUNCTION.",
    )
    stage.shell(f"{_LOAD} v1 | {_PSQL}")
    stage.check(len(_functions(operator, "shop_src")) == 10, "ten functions are there")
    stage.note("A deploy compiles them, and points the live schema at the artifacts.")
    stage.shell("stopgap deploy --env prod --from-schema shop_src --label 'version 1'")
    stage.check(_active_label(operator) == "version 1", "version 1 is active")
    stage.check(len(_functions(operator, LIVE)) == 10, "ten functions are live")

    stage.part(
        "Calls", "The role app_user may call live functions, and no more than that."
    )
    stage.show('$ psql "$STOPGAP_DB"')
    stage.statement(caller, "set role app_user")
    _call(stage, caller, VERSION_1)
    called = {call.function for call in VERSION_1}
    stage.check(called == _functions(operator, LIVE), "every function was called")

    stage.part(
        "Status", "What is live, since when, and whether anybody has meddled with it."
    )
    stage.shell("stopgap status --env prod")


def _deploy_version_2(stage: Stage, operator: _Session, caller: _Session) -> None:
    stage.part(
        "Version 2",
        "It changes three functions, adds one and drops one: `diff` shows it before a "
        "deploy does it. Until then callers meet version 1.",
    )
    stage.shell(f"{_LOAD} v2 | {_PSQL}")
    stage.shell("stopgap diff --env prod --from-schema shop_src")
    summary = _value(operator, "select stopgap.diff('prod', 'shop_src') -> 'summary'")
    expected = {"added": 1, "changed": 3, "removed": 1, "unchanged": 6}
    stage.check(summary == expected, f"the diff is {expected}, not {summary}")
    stage.shell(
        "stopgap deploy --env prod --from-schema shop_src --label 'version 2' --prune"
    )
    stage.check(_active_label(operator) == "version 2", "version 2 is active")
    stage.note("The same session, still as app_user:")
    _call(stage, caller, VERSION_2)
    called = {call.function for call in VERSION_2}
    stage.check(called >= _functions(operator, LIVE), "every function was called")


def _roll_back(stage: Stage, operator: _Session, caller: _Session) -> None:
    stage.part(
        "Rollback",
        "One command: what was live under version 1 is live again, dropped functions "
        "and their grants included.",
    )
    stage.shell("stopgap rollback --env prod")
    stage.check(_active_label(operator) == "version 1", "version 1 is active again")
    _call(stage, caller, ROLLED_BACK)


def _look_back(stage: Stage, operator: _Session) -> None:
    stage.part(
        "History", "Every deployment stays, and so does who activated what, and when."
    )
    stage.shell("stopgap deployments --env prod")
    stage.shell(f'{_PSQL} -c "{_AUDIT}"')
    actions = _value(
        operator,
        "select array_agg(action order by activation_id) from stopgap.activation_audit",
    )
    stage.check(actions == ["deploy", "deploy", "rollback"], f"the audit is {actions}")


def _fail(stage: Stage, operator: _Session, caller: _Session) -> None:
    stage.part(
        "A mistake",
        "examples/shop/broken has a function with a type error. CREATE FUNCTION "
        "refuses it, as it would refuse bad SQL.",
    )
    before = (_active_id(operator), _pointers(operator))
    said = stage.shell(f"{_LOAD} broken --keep | {_PSQL}", exit_code=_EXIT_OF_PSQL)
    stage.check(_TYPE_ERROR in said, "the compiler's message is shown")
    stage.check("LINE " in said and "^" in said, "the place of the mistake is shown")
    stage.note(
        "With check_function_bodies off it gets into the source schema, as from a "
        "dump. A deploy compiles everything, says what is wrong, and changes nothing."
    )
    stage.shell(f"{_LOAD} broken --keep --no-check | {_PSQL}")
    said = stage.shell(
        "stopgap deploy --env prod --from-schema shop_src --label 'version 3'",
        exit_code=_EXIT_OF_REFUSAL,
    )
    stage.check("TS2322" in said, "the code of the compiler's message is shown")
    stage.check(
        (_active_id(operator), _pointers(operator)) == before, "nothing has changed"
    )
    _call(stage, caller, UNCHANGED)
    stage.shell("stopgap deployments --env prod")


_Session = psycopg.Connection[Any]


def _call(stage: Stage, caller: _Session, calls: list[Call]) -> None:
    for call in calls:
        if call.note:
            stage.note(call.note)
        outcome = stage.statement(caller, call.statement(LIVE))
        stage.check(call.is_right(outcome), f"{call.function} answered {call.answer}")


def _connect(stage: Stage) -> _Session:
    return psycopg.connect(stage.environment["STOPGAP_DB"], autocommit=True)


def _value(session: _Session, statement: str) -> Any:
    row = session.execute(statement.encode()).fetchone()
    return row[0] if row else None


def _active_id(operator: _Session) -> Any:
    return _value(operator, "select stopgap.status('prod') ->> 'active_deployment_id'")


def _active_label(operator: _Session) -> Any:
    return _value(
        operator, "select stopgap.status('prod') -> 'active_deployment' ->> 'label'"
    )


def _functions(operator: _Session, schema: str) -> set[str]:
    """Return the names of a schema's functions."""
    names = _value(
        operator,
        "select coalesce(array_agg(proname::text), '{}') from pg_catalog.pg_proc"
        f" where pronamespace = '{schema}'::regnamespace",
    )
    return set(names)


def _pointers(operator: _Session) -> Any:
    """Return the bodies of the live functions, which name what they run."""
    return _value(
        operator,
        "select array_agg(proname || prosrc order by proname) from pg_catalog.pg_proc"
        f" where pronamespace = '{LIVE}'::regnamespace",
    )


def _programs() -> Path:
    """Return the folder of this interpreter's programs, `stopgap` among them."""
    return Path(sys.executable).parent


def _checkout() -> Path:
    """Return the checkout's folder, from which the commands run."""
    folder = Path(__file__).resolve().parents[3]
    if not (folder / "examples" / "shop" / "load.py").exists():
        raise NoExample
    return folder
