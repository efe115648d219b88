"""Registers the fixtures that all tests share; each module owns one concern."""

from __future__ import annotations

pytest_plugins = (
    "tests.fixtures.account_state",
    "tests.fixtures.installation",
    "tests.fixtures.cluster",
    "tests.fixtures.crash",
    "tests.fixtures.golden",
)
