"""The engine of stopgap: decides what a deploy, a rollback and a diff do.

It runs inside PostgreSQL, in PL/Python, with nothing but Python's standard library:
the bodies of the SQL functions load this package by its path and call `server`. It
imports nothing of the package around it, and reaches the database through
`database.Database` alone.
"""

from __future__ import annotations

__version__ = "0.2.0"
