"""diff: how two sets of functions differ, found without writing or compiling anything.

Each of them is a source schema, a deployment, or what an environment runs; without
more said, a source schema is compared with what the environment runs, and the diff
says what its deploy would change.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from ..candidates import candidates_of
from ..database import Database
from ..diff import Definition, render_function_diff, summary
from ..diff import diff as compare
from ..environment import known_environment, planned_live_schema
from ..errors import InvalidArgument, InvalidOption, UnknownDeployment
from ..json_text import to_json
from ..names import check_env, quote_literal
from ..options import Options, parse_options
from ..scanning import check_source_schema, scan_source
from ..session import Session, require_reader
from ..states import Status
from ..store import find_deployment, find_environment, versions_of


class _Side(NamedTuple):
    """One of the two that are compared."""

    env: str
    # None for a source schema, and for an environment that runs nothing yet.
    deployment_id: int | None
    source_schema: str | None
    functions: Mapping[str, Definition]

    def to_json(self) -> dict[str, object]:
        return {
            "env": self.env,
            "deployment_id": self.deployment_id,
            "source_schema": self.source_schema,
        }


def diff(
    session: Session, env: str | None, from_schema: str | None, options: str | None
) -> str:
    """Return the diff's JSON; before the first deployment everything is added."""
    env = check_env(env)
    given = parse_options(options, known=("deployment", "against", "against_env"))
    _check_sides(from_schema, given)
    require_reader(session)
    database = session.database
    candidate = _candidate(session, env, from_schema, given.integer("deployment"))
    base = _base(database, env, given)
    functions = compare(base.functions, candidate.functions)
    environment = find_environment(database, env)
    return to_json(
        {
            "env": env,
            "source_schema": candidate.source_schema,
            "live_schema": (
                environment.live_schema
                if environment
                else planned_live_schema(session, env)
            ),
            "active_deployment_id": (
                environment.active_deployment_id if environment else None
            ),
            "base": base.to_json(),
            "candidate": candidate.to_json(),
            "summary": summary(functions),
            "functions": [render_function_diff(each) for each in functions],
        }
    )


def _check_sides(from_schema: str | None, given: Options) -> None:
    deployment = given.integer("deployment")
    against, against_env = given.integer("against"), given.text("against_env")
    if from_schema is not None and deployment is not None:
        raise InvalidOption(
            'from_schema and option "deployment" exclude each other',
            hint='Compare a deployment by "deployment", with from_schema => null.',
        )
    if against is not None and against_env is not None:
        raise InvalidOption(
            'options "against" and "against_env" exclude each other',
            hint="Compare with a deployment or with what an environment runs.",
        )
    if all(each is None for each in (from_schema, deployment, against, against_env)):
        raise InvalidArgument(
            "there is nothing to compare the environment with",
            hint='Name from_schema, or an option: "deployment", "against" or'
            ' "against_env".',
        )


def _candidate(
    session: Session, env: str, from_schema: str | None, deployment: int | None
) -> _Side:
    if from_schema is not None:
        source = check_source_schema(session, from_schema)
        scan = scan_source(session, source)
        functions = candidates_of(session.database, scan.deployable)
        return _Side(env, None, source.name, functions)
    if deployment is not None:
        return _deployment(session.database, deployment)
    return _active(session.database, env)


def _base(database: Database, env: str, given: Options) -> _Side:
    against, against_env = given.integer("against"), given.text("against_env")
    if against is not None:
        return _deployment(database, against)
    if against_env is not None:
        return _active(database, check_env(against_env))
    environment = find_environment(database, env)
    if environment is None:
        return _Side(env, None, None, {})
    return _active(database, env)


def _deployment(database: Database, deployment_id: int) -> _Side:
    found = find_deployment(database, deployment_id)
    if found is None:
        raise UnknownDeployment(
            f"there is no deployment {deployment_id}",
            hint="stopgap.deployments('…') lists those of an environment.",
        )
    if found.status is Status.REMOVED:
        raise UnknownDeployment(
            f"deployment {deployment_id} was removed, and its functions with it",
            hint=f"stopgap.deployments({quote_literal(found.env)}) lists what is left.",
        )
    if found.status is Status.FAILED:
        # Compared, it would look as if it had dropped everything.
        raise UnknownDeployment(
            f"deployment {deployment_id} failed, and has no functions",
            hint="Its manifest says why: compare with what was deployed.",
        )
    functions = versions_of(database, deployment_id)
    return _Side(found.env, deployment_id, found.source_schema, functions)


def _active(database: Database, env: str) -> _Side:
    active_id = known_environment(database, env).active_deployment_id
    if active_id is None:
        return _Side(env, None, None, {})
    return _deployment(database, active_id)
