"""Registers the fixtures of the tests of the stopgap extension."""

from __future__ import annotations

from tests.stopgap.roles import roles

__all__ = ["roles"]
