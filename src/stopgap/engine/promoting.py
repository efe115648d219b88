"""Promoting: what one environment runs, on its way to another."""

from __future__ import annotations

from .database import Database
from .environment import known_environment
from .errors import InvalidArgument, NoActiveDeployment
from .names import check_env
from .store import StoredDeployment, known_deployment, versions_of
from .version import FunctionVersion


def check_environments(from_env: str | None, to_env: str | None) -> tuple[str, str]:
    """Return the names of two environments, or refuse them."""
    from_env, to_env = check_env(from_env), check_env(to_env)
    if from_env == to_env:
        raise InvalidArgument(
            "from_env and to_env must not be the same", detail=f'Both are "{to_env}".'
        )
    return from_env, to_env


def what_runs(
    database: Database, env: str
) -> tuple[StoredDeployment, dict[str, FunctionVersion]]:
    """Return the active deployment of an environment, and its functions as new ones."""
    source = known_environment(database, env)
    if source.active_deployment_id is None:
        raise NoActiveDeployment(
            f'environment "{env}" has no active deployment',
            hint="Deploy to it first: what is promoted is what it runs.",
        )
    promoted = known_deployment(database, env, source.active_deployment_id)
    versions = {
        name: each._replace(deployment_id=None)
        for name, each in versions_of(database, promoted.id).items()
    }
    return promoted, versions
