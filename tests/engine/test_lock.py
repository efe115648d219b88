"""The key of an environment's lock, its holder in words, and the lock table."""

from __future__ import annotations

import pytest

from stopgap.engine.lock import (
    LOCK_CLASS,
    LockHolder,
    LockLimits,
    describe_holder,
    environment_key,
    too_few_locks,
)

DEFAULT = LockLimits(max_locks_per_transaction=64, lockers=122, taken=5)


@pytest.mark.parametrize("env", ["prod", "staging", "Ünïcode", "x" * 255])
def test_a_key_is_an_int4_and_stays_the_same(env: str) -> None:
    assert -(2**31) <= environment_key(env) < 2**31
    assert environment_key(env) == environment_key(env)


def test_environments_have_keys_of_their_own() -> None:
    assert environment_key("prod") != environment_key("staging")
    assert 0 < LOCK_CLASS < 2**31


@pytest.mark.parametrize(
    ("holder", "words"),
    [
        (None, "another session"),
        (LockHolder(7, None, None, None), "process 7"),
        (
            LockHolder(7, "alice", "psql", None),
            'process 7 (role "alice", application "psql")',
        ),
        (LockHolder(7, "alice", "", None), 'process 7 (role "alice")'),
        (LockHolder(None, None, None, "tx 1"), 'the prepared transaction "tx 1"'),
    ],
)
def test_the_holder_is_named(holder: LockHolder | None, words: str) -> None:
    assert describe_holder(holder) == words


def test_a_default_server_has_locks_for_ten_thousand_functions() -> None:
    assert too_few_locks(10_000, DEFAULT) is None


def test_too_many_locks_are_refused_with_a_value_that_is_enough() -> None:
    refusal = too_few_locks(20_000, DEFAULT)

    assert refusal is not None
    assert refusal.hint == (
        "Set max_locks_per_transaction = 164, and restart the server."
    )
    enough = LockLimits(164, DEFAULT.lockers, DEFAULT.taken)
    assert too_few_locks(20_000, enough) is None
