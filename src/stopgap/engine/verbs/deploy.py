"""deploy: from a source schema to a new active deployment, in one transaction."""

from __future__ import annotations

from ..compiling import compile_functions
from ..emptiness import refuse_empty
from ..environment import ensure_environment, lock_environment
from ..making import New, make
from ..manifest import DeploymentName
from ..names import check_env
from ..options import parse_making_options
from ..provenance import read_origin
from ..requirements import require_language, require_parameters
from ..scanning import check_source_schema, scan_source
from ..session import (
    Session,
    require_deployer,
    require_origin,
    require_read_committed,
)
from ..settings import LogLevel


def deploy(
    session: Session,
    env: str | None,
    from_schema: str | None,
    label: str | None,
    options: str | None,
) -> int:
    """Deploy a source schema, and return the id of the deployment.

    That of the active one where it was asked to do nothing if nothing changed.
    """
    env = check_env(env)
    given = parse_making_options(options)
    origin = read_origin(given.origin)
    require_read_committed(session)
    require_deployer(session)
    require_origin(session)
    require_language(session)
    source = check_source_schema(session, from_schema)

    database = session.database
    lock_environment(database, env)
    environment = ensure_environment(session, env, source_schema=source.name)
    name = DeploymentName(env, source.name, environment.live_schema, label)
    scan = scan_source(session, source)
    refuse_empty(
        f'schema "{source.name}"',
        is_empty=not scan.deployable,
        skipped=scan.skipped,
        allowed=given.allow_empty,
    )
    if not scan.deployable:
        session.log(LogLevel.WARN, f'schema "{source.name}" has no deployable function')
    require_parameters(
        database, {each.name: each.attributes for each in scan.deployable}
    )
    versions = compile_functions(database, source.name, scan.deployable)
    return make(
        session,
        environment,
        New(
            name=name,
            versions=versions,
            origin=origin,
            prune=session.settings.prunes(given.prune),
            action="deploy",
            is_activated=given.activate,
            if_changed=given.if_changed,
            allow_empty=given.allow_empty,
            skipped=scan.skipped,
        ),
    )
