"""Fixtures of the language's tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fixtures.cluster import RunningCluster
from tests.plts.support import Connection


@pytest.fixture(scope="module")
def shared(cluster: RunningCluster) -> Iterator[Connection]:
    """A session that the tests of a module share: they leave nothing to each other."""
    name = cluster.clone()
    with cluster.connect(name) as connection:
        yield connection
    cluster.drop(name)
