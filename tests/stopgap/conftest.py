"""Registers the fixtures of the tests of the stopgap extension."""

from __future__ import annotations

from tests.stopgap.previous import previous_package, run_previous
from tests.stopgap.roles import roles

__all__ = ["previous_package", "roles", "run_previous"]
