"""The soak itself: a short one is clean, and what leaks is found."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.fixtures.installation import Installation
from tests.soak.actors import Action
from tests.soak.run import soak

LEAK = """
create or replace function soak.leak() returns int language plts as $ts$
    const kept: unknown[] = [];
    export default () => kept.push(new Array(80_000).fill(kept.length))
$ts$
"""


@pytest.fixture
def folder(installation: Installation) -> Iterator[Path]:
    """A folder of the soak's own; it runs what the checkout is built for."""
    if installation.relocatable or installation.sanitized:
        pytest.skip("the soak runs both extensions, as they are built")
    with tempfile.TemporaryDirectory(prefix="stopgap-soak-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


def test_short_soak_is_clean(folder: Path) -> None:
    outcome = soak(folder, seconds=10, sessions=2, seed=1)

    assert outcome.failures == []
    assert not outcome.judged
    assert outcome.canceled > 0
    assert outcome.terminated > 0
    assert outcome.done.keys() >= {"live function", "row argument", "other role"}


def test_growth_is_found(folder: Path) -> None:
    made: list[bool] = []

    def leak(connection: psycopg.Connection[tuple[Any, ...]], _: random.Random) -> None:
        if not made:
            connection.execute("set plts.max_heap_mb = 1024")
            connection.execute(LEAK.encode())
            made.append(True)
        connection.execute("select soak.leak(), pg_sleep(0.02)")

    outcome = soak(
        folder,
        seconds=12,
        sessions=1,
        seed=1,
        callers=(Action("leak", leak),),
        warm_up=0,
    )

    assert outcome.judged
    assert any("caller 0 grew: the process" in each for each in outcome.failures)


def test_error_that_is_not_expected_fails_it(folder: Path) -> None:
    def fail(connection: psycopg.Connection[tuple[Any, ...]], _: random.Random) -> None:
        connection.execute("select 1/0")

    outcome = soak(
        folder, seconds=10, sessions=1, seed=1, callers=(Action("fails", fail),)
    )

    assert any("caller 0, fails: 22012" in each for each in outcome.failures)
