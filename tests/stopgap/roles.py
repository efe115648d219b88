"""Roles for tests: those of the engine's users, and somebody without rights."""

from __future__ import annotations

import pytest

from tests.fixtures.cluster import RunningCluster

READER = "test_reader"
DEPLOYER = "test deployer"
MAINTAINER = "test_maintainer"
# A deployer who is a maintainer too.
OPERATOR = "test operator"
APP = "test_app"
NOBODY = "test_nobody"


@pytest.fixture(scope="session")
def roles(cluster: RunningCluster) -> None:
    """The roles, in the cluster of the run."""
    with cluster.connect() as connection:
        connection.execute(
            f"create role {READER} login in role stopgap_reader;"
            f'create role "{DEPLOYER}" login in role stopgap_deployer;'
            f"create role {MAINTAINER} login in role stopgap_maintainer;"
            f'create role "{OPERATOR}" login'
            " in role stopgap_deployer, stopgap_maintainer;"
            f"create role {APP} login in role app_user;"
            f"create role {NOBODY} login".encode()
        )
