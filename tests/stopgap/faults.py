"""Faults at every step of the engine, in a real server.

The engine reaches the database through `plpy` alone, so that a stand-in that counts
its statements can make something happen before any one of them.
"""

from __future__ import annotations

import json
from typing import Any

import stopgap
from tests.stopgap.schema import Connection, value

# The key of the advisory lock that a step at which the engine is to hang waits for.
GATE = 424242

_INSTALL = f"""
create function public.run_faulty(verb text, given text, at int, fault text)
returns int language plpython3u security definer
set search_path = pg_catalog, pg_temp as $python$
import json, os, signal

if "stopgap {stopgap.__version__}" not in GD:
    plpy.execute("select stopgap.load_engine()")

class Counting:
    steps = 0

    def __getattr__(self, name):
        return getattr(plpy, name)

    def execute(self, *arguments):
        self.steps += 1
        if self.steps == at:
            self.fail()
        return plpy.execute(*arguments)

    def fail(self):
        if fault == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        elif fault == "terminate":
            os.kill(os.getpid(), signal.SIGTERM)
        elif fault == "cancel":
            os.kill(os.getpid(), signal.SIGINT)
        elif fault == "wait":
            plpy.execute("select pg_advisory_xact_lock_shared({GATE})")
        else:
            plpy.execute("do $$begin raise exception 'broken here'; end$$")

counting = Counting()
run = getattr(GD["stopgap {stopgap.__version__}"], verb)
run(counting, *[
    json.dumps(each) if isinstance(each, dict) else each for each in json.loads(given)
])
return counting.steps
$python$;
alter function public.run_faulty owner to stopgap_owner;
"""


def install(connection: Connection) -> None:
    """Create the function that runs verbs of the engine with a fault."""
    connection.execute(_INSTALL.encode())


def run(
    connection: Connection, verb: str, *args: Any, at: int = 0, fault: str = "error"
) -> int:
    """Run a verb; before its statement number `at` the fault happens.

    Returns how many statements there were.
    """
    found = value(
        connection,
        "select public.run_faulty(%s, %s, %s, %s)",
        verb,
        json.dumps(args),
        at,
        fault,
    )
    return int(found)


def count_steps(connection: Connection, verb: str, *args: Any) -> int:
    """Return how many statements a verb takes, with nothing of it remaining."""
    with connection.transaction(force_rollback=True):
        return run(connection, verb, *args)
