"""Retention: which deployments a policy lets go, and which are needed all the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from .states import RETIRED, Status


class Policy(NamedTuple):
    """What is kept; a deployment goes only if nothing here keeps it."""

    # That many of each environment: the newest, and as many along its lineage.
    keep: int | None = None
    # Those that were left less long ago, as an interval of the server.
    older_than: str | None = None
    keep_labelled: bool = False

    @property
    def removes_deployments(self) -> bool:
        """Tell whether there is anything by which a deployment could go."""
        return self.keep is not None or self.older_than is not None


class Candidate(NamedTuple):
    """A deployment, as far as retention is concerned."""

    id: int
    env: str
    status: Status
    is_labelled: bool
    previous_id: int | None
    # Left longer ago than the policy's age; true where it has none.
    is_old: bool
    # The deployments whose functions its last activation retained.
    retains: frozenset[int] = frozenset()


def removable(policy: Policy, deployments: Sequence[Candidate]) -> frozenset[int]:
    """Return what goes; `deployments` are all that there are, of any environments."""
    if not policy.removes_deployments:
        return frozenset()
    by_id = {each.id: each for each in deployments}
    environments: dict[str, list[Candidate]] = {}
    for each in sorted(deployments, key=lambda deployment: -deployment.id):
        environments.setdefault(each.env, []).append(each)
    kept: set[int] = set()
    for newest_first in environments.values():
        kept |= _kept(policy, newest_first, by_id)
    return frozenset(by_id.keys() - _with_retained(kept, by_id))


def relinked(
    deployments: Sequence[Candidate], removed: frozenset[int]
) -> dict[int, int | None]:
    """Return, for those whose previous deployment goes, the nearest one that stays."""
    previous = {each.id: each.previous_id for each in deployments}
    changes: dict[int, int | None] = {}
    ancestor: int | None
    for each in deployments:
        if each.id in removed or each.previous_id not in removed:
            continue
        ancestor = each.previous_id
        seen = {each.id}
        while ancestor is not None and ancestor in removed and ancestor not in seen:
            seen.add(ancestor)
            ancestor = previous.get(ancestor)
        changes[each.id] = None if ancestor in seen else ancestor
    return changes


def _kept(
    policy: Policy, newest_first: Sequence[Candidate], by_id: Mapping[int, Candidate]
) -> set[int]:
    active = [each for each in newest_first if each.status is Status.ACTIVE]
    kept = {each.id for each in newest_first if _is_kept_by_itself(policy, each)}
    if policy.keep is not None:
        # Failures do not count: they would push out what can be gone back to.
        ran = [each for each in newest_first if each.status is not Status.FAILED]
        newest = [each.id for each in ran[: policy.keep]]
        kept.update(newest)
        for each in active:
            kept.update(_lineage(each, policy.keep, by_id))
        if newest:
            kept.update(
                each.id
                for each in newest_first
                if each.status is Status.FAILED and each.id > newest[-1]
            )
    return kept


def _is_kept_by_itself(policy: Policy, deployment: Candidate) -> bool:
    return (
        deployment.status in (Status.ACTIVE, Status.OPEN)
        or (policy.keep_labelled and deployment.is_labelled)
        or (policy.older_than is not None and not deployment.is_old)
    )


def _lineage(
    active: Candidate, count: int, by_id: Mapping[int, Candidate]
) -> Iterable[int]:
    """Return the deployments that rollbacks by up to that many steps less one need."""
    found = [active.id]
    ancestor = active.previous_id
    while ancestor is not None and ancestor in by_id and ancestor not in found:
        if len(found) == count:
            break
        found.append(ancestor)
        ancestor = by_id[ancestor].previous_id
    return found


def _with_retained(kept: set[int], by_id: Mapping[int, Candidate]) -> set[int]:
    """Add the deployments whose functions those that are kept would make live."""
    found: set[int] = set()
    pending = list(kept)
    while pending:
        deployment_id = pending.pop()
        if deployment_id in found:
            continue
        found.add(deployment_id)
        deployment = by_id.get(deployment_id)
        if deployment is not None and (
            deployment.status is Status.ACTIVE or deployment.status in RETIRED
        ):
            pending.extend(deployment.retains)
    return found
