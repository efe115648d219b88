"""What the engine keeps in its own tables: reading and writing them, typed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import NamedTuple

from .database import Database
from .errors import IllegalTransition
from .grants import Grant, grants_from_json
from .lineage import Ancestor, unknown_deployment
from .manifest import DeploymentName, refs_from_outcome
from .plan import Target
from .session import Caller
from .source import Skipped, skipped_from_json
from .states import Status, check_transition
from .version import FunctionVersion, VersionRef, version_from_row


class Environment(NamedTuple):
    """A row of `stopgap.environment`."""

    env: str
    live_schema: str
    active_deployment_id: int | None
    updated_at: str


class StoredDeployment(NamedTuple):
    """A row of `stopgap.deployment`, as far as verbs decide by it."""

    id: int
    env: str
    status: Status
    label: str | None
    source_schema: str
    # Whether it was told to prune when it was sealed.
    prune: bool
    provenance: Mapping[str, object]
    # What its source schema had besides.
    skipped: tuple[Skipped, ...]


class Activation(NamedTuple):
    """The last activation of a deployment."""

    id: int
    retained: tuple[VersionRef, ...]


def find_environment(database: Database, env: str) -> Environment | None:
    """Return an environment, None where it was never deployed to."""
    rows = database.fetch("environment", env=env)
    return Environment(**rows[0]) if rows else None


def insert_environment(database: Database, env: str, live_schema: str) -> None:
    """Record a new environment."""
    database.fetch("insert_environment", env=env, live_schema=live_schema)


def live_schema_user(database: Database, live_schema: str) -> str | None:
    """Return the environment that a live schema belongs to."""
    rows = database.fetch("live_schema_user", live_schema=live_schema)
    return rows[0]["env"] if rows else None


def open_deployment(database: Database, name: DeploymentName, caller: Caller) -> int:
    """Insert an open deployment, and return its id."""
    rows = database.fetch(
        "insert_deployment",
        env=name.env,
        label=name.label,
        source_schema=name.source_schema,
        created_by=caller.session_role,
        created_as=caller.role,
    )
    return int(rows[0]["id"])


def insert_versions(
    database: Database,
    deployment_id: int,
    name: DeploymentName,
    versions: Sequence[FunctionVersion],
) -> None:
    """Record the functions of an open deployment."""
    distinct = {each.attributes for each in versions}
    texts = {attributes: attributes.to_json() for attributes in distinct}
    database.fetch(
        "insert_fn_versions",
        deployment_id=deployment_id,
        fn_schema=name.source_schema,
        live_fn_schema=name.live_schema,
        names=[each.fn_name for each in versions],
        kinds=[each.kind for each in versions],
        hashes=[each.artifact_hash for each in versions],
        pointers=[each.pointer for each in versions],
        attributes=[texts[each.attributes] for each in versions],
    )


def set_provenance(database: Database, deployment_id: int, provenance: str) -> None:
    """Say where an open deployment comes from."""
    database.fetch("set_provenance", id=deployment_id, provenance=provenance)


def fail_deployment(database: Database, deployment_id: int, manifest: str) -> None:
    """Give an open deployment up, with a manifest that says why."""
    if not database.fetch("fail_deployment", id=deployment_id, manifest=manifest):
        raise IllegalTransition(f"deployment {deployment_id} is not open")


def seal_deployment(database: Database, deployment_id: int, manifest: str) -> None:
    """Give an open deployment its manifest, after which it does not change."""
    if not database.fetch("seal_deployment", id=deployment_id, manifest=manifest):
        raise IllegalTransition(f"deployment {deployment_id} is not open")


def set_status(
    database: Database, deployment_id: int, old: Status, new: Status
) -> None:
    """Move a deployment from one status to another, if it is in the first."""
    check_transition(deployment_id, old, new)
    moved = database.fetch("set_status", id=deployment_id, old=old.value, new=new.value)
    if not moved:
        raise IllegalTransition(
            f'deployment {deployment_id} is not in status "{old}"',
            detail=f'It cannot become "{new}" from another.',
            hint="The tables of stopgap were changed by hand.",
        )


def activate_first(
    database: Database, deployment_id: int, *, previous_id: int | None
) -> None:
    """Make a sealed deployment active; `previous_id` was active until then."""
    if not database.fetch(
        "first_activation", id=deployment_id, previous_id=previous_id
    ):
        raise IllegalTransition(
            f"deployment {deployment_id} is not sealed",
            hint="The tables of stopgap were changed by hand.",
        )


def find_deployment(database: Database, deployment_id: int) -> StoredDeployment | None:
    """Return a deployment of any environment, None where there is none."""
    rows = database.fetch("deployment", id=deployment_id)
    if not rows:
        return None
    row = rows[0]
    return StoredDeployment(
        id=deployment_id,
        env=row["env"],
        status=Status(row["status"]),
        label=row["label"],
        source_schema=row["source_schema"],
        prune=row["prune"],
        provenance=json.loads(row["provenance"]),
        skipped=skipped_from_json(row["skipped"]),
    )


def known_deployment(
    database: Database, env: str, deployment_id: int
) -> StoredDeployment:
    """Return a deployment of an environment, or refuse one that it lacks."""
    found = find_deployment(database, deployment_id)
    if found is None or found.env != env:
        raise unknown_deployment(env, deployment_id)
    return found


def labelled(database: Database, env: str, label: str) -> list[Ancestor]:
    """Return the once active deployments with a label, newest first."""
    rows = database.fetch("labelled", env=env, label=label)
    return [Ancestor(row["id"], Status(row["status"])) for row in rows]


def newest_labels(database: Database, env: str, max_count: int) -> list[str]:
    """Return the labels of once active deployments, newest first."""
    rows = database.fetch("labels", env=env, max_count=max_count)
    return [row["label"] for row in rows]


def deployment_status(
    database: Database, env: str, deployment_id: int
) -> Status | None:
    """Return the status of a deployment, None where the environment lacks it."""
    rows = database.fetch("deployment_status", env=env, id=deployment_id)
    return Status(rows[0]["status"]) if rows else None


def lineage(database: Database, deployment_id: int) -> list[Ancestor]:
    """Return the deployments before one, nearest first."""
    rows = database.fetch("lineage", deployment_id=deployment_id)
    found = {row["id"]: Ancestor(row["id"], Status(row["status"])) for row in rows}
    # Once each, should the lineage lead back to where it was.
    found.pop(deployment_id, None)
    return list(found.values())


def versions_of(
    database: Database, deployment_id: int | None
) -> dict[str, FunctionVersion]:
    """Return the functions of a deployment by name, in its order; None has none."""
    if deployment_id is None:
        return {}
    rows = database.fetch("versions", deployment_id=deployment_id)
    rows.sort(key=itemgetter("fn_name"))
    return {row["fn_name"]: version_from_row(row, deployment_id) for row in rows}


def last_activation(database: Database, deployment_id: int) -> Activation | None:
    """Return when, and with what besides, a deployment was last activated."""
    rows = database.fetch("last_activation", deployment_id=deployment_id)
    if not rows:
        return None
    return Activation(rows[0]["id"], refs_from_outcome(rows[0]["outcome"]))


def retained_versions(
    database: Database, activation: Activation | None
) -> dict[str, FunctionVersion]:
    """Return the versions that an activation retained, by name."""
    if activation is None or not activation.retained:
        return {}
    rows = database.fetch(
        "versions_by_ref",
        deployment_ids=[ref.deployment_id for ref in activation.retained],
        names=[ref.fn_name for ref in activation.retained],
    )
    return {row["fn_name"]: version_from_row(row, row["deployment_id"]) for row in rows}


def known_versions(
    database: Database, env: str, names: Sequence[str]
) -> list[FunctionVersion]:
    """Return every version that functions had in an environment, oldest first."""
    if not names:
        return []
    rows = database.fetch("known_versions", env=env, names=list(names))
    return [version_from_row(row, row["deployment_id"]) for row in rows]


def target_of(database: Database, deployment_id: int | None) -> Target:
    """Return what a deployment makes live, with what it last retained; None nothing."""
    if deployment_id is None:
        return Target()
    return Target(
        deployed=versions_of(database, deployment_id),
        retained=retained_versions(database, last_activation(database, deployment_id)),
    )


def left_behind(
    database: Database, deployment: StoredDeployment
) -> tuple[Skipped, ...]:
    """Return what does not go along where a deployment is brought elsewhere.

    What its source schema had besides, and what was retained with it.
    """
    retained = retained_versions(database, last_activation(database, deployment.id))
    reason = f'it stays live in "{deployment.env}" without being of the deployment'
    return (
        *deployment.skipped,
        *(Skipped(name, reason) for name in sorted(retained)),
    )


def saved_grants(
    database: Database, env: str, since: int, names: Sequence[str]
) -> dict[str, tuple[Grant, ...]]:
    """Return the grants of functions that were dropped after an activation."""
    if not names:
        return {}
    rows = database.fetch("saved_grants", env=env, since=since, names=list(names))
    return {row["fn_name"]: grants_from_json(row["grants"]) for row in rows}
