"""Roles for tests: a deployer, an application's user, and somebody without rights."""

from __future__ import annotations

import pytest

from tests.fixtures.cluster import RunningCluster

DEPLOYER = "test deployer"
APP = "test_app"
NOBODY = "test_nobody"


@pytest.fixture(scope="session")
def roles(cluster: RunningCluster) -> None:
    """The roles, in the cluster of the run."""
    with cluster.connect() as connection:
        connection.execute(
            f'create role "{DEPLOYER}" login in role stopgap_deployer;'
            f"create role {APP} login in role app_user;"
            f"create role {NOBODY} login".encode()
        )
