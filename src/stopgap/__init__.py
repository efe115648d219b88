"""Deploys, versions and rolls back TypeScript functions inside PostgreSQL."""

from __future__ import annotations
