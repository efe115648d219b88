"""The example shop, ready for tests: its tables and its data."""

from __future__ import annotations

import psycopg
import pytest

from examples.shop.load import SHOP
from tests.fixtures.cluster import Connect

Connection = psycopg.Connection[tuple[object, ...]]


@pytest.fixture
def shop(connection: Connection) -> Connection:
    """The superuser's session in a database that has the shop's tables and data."""
    for name in ("schema.sql", "data.sql"):
        connection.execute((SHOP / name).read_bytes())
    return connection


@pytest.fixture
def app_user(shop: Connection, connect: Connect) -> Connection:
    """A session of app_user in the same database."""
    return connect(role="app_user")
