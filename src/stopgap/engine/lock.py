"""Locks: the advisory key of an environment, and how many locks the server has."""

from __future__ import annotations

import struct
from typing import NamedTuple

from .errors import TooManyLocks

# The first key of every advisory lock of stopgap: "STGP" in ASCII.
LOCK_CLASS = 0x53544750

# The first key of the lock that keeps retention apart from all that makes or activates
# deployments: those share it, stopgap.gc() has it to itself. "STGR" in ASCII.
RETENTION_CLASS = 0x53544752
RETENTION_KEY = 0

# The lock table is estimated at one slot a lock, yet what the server reserves for
# the holders of locks beside it can become slots too: a default server, 7,808 by
# the formula below, was seen to hold 13,400 locks in one transaction.
_USABLE_SHARE = 1.6


class LockLimits(NamedTuple):
    """The settings that size the lock table, and what is taken of it."""

    max_locks_per_transaction: int
    # MaxBackends + max_prepared_transactions, as InitLocks() of lock.c counts.
    lockers: int
    taken: int


class LockHolder(NamedTuple):
    """Who holds an environment's lock: a session, or a prepared transaction."""

    pid: int | None
    role: str | None
    application: str | None
    prepared_gid: str | None


def environment_key(env: str) -> int:
    """Return the second key of an environment's lock, an int4.

    Environments that share a key wait for each other, and lose nothing else.
    """
    # Not loaded for verbs that take no lock.
    import hashlib

    (key,) = struct.unpack(">i", hashlib.sha256(env.encode()).digest()[:4])
    return int(key)


def describe_holder(holder: LockHolder | None) -> str:
    """Return the holder in words; None when it let go meanwhile."""
    if holder is None:
        return "another session"
    if holder.prepared_gid is not None:
        return f'the prepared transaction "{holder.prepared_gid}"'
    known = [
        f'{what} "{value}"'
        for what, value in (("role", holder.role), ("application", holder.application))
        if value
    ]
    described = f" ({', '.join(known)})" if known else ""
    return f"process {holder.pid}{described}"


def too_few_locks(needed: int, limits: LockLimits) -> TooManyLocks | None:
    """Return the refusal of DDL for which the server has too few locks."""
    allowed = limits.max_locks_per_transaction * limits.lockers * _USABLE_SHARE
    if needed + limits.taken > allowed:
        return too_many_locks(needed, limits)
    return None


def too_many_locks(needed: int, limits: LockLimits) -> TooManyLocks:
    """Return the refusal, with the value that would be enough."""
    enough = -(-(needed + limits.taken) // limits.lockers)
    enough = max(enough, limits.max_locks_per_transaction + 1)
    return TooManyLocks(
        f"changing the live schema needs {needed} locks, more than the server has",
        detail=(
            f"max_locks_per_transaction is {limits.max_locks_per_transaction},"
            f" and {limits.taken} locks are taken."
        ),
        hint=f"Set max_locks_per_transaction = {enough}, and restart the server.",
    )
