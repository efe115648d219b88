"""Deploys, versions and rolls back TypeScript functions inside PostgreSQL."""

from __future__ import annotations

from stopgap.client import Client, connect
from stopgap.errors import (
    CompileError,
    ConnectionFailed,
    DatabaseError,
    NotInitialized,
    OutcomeUnknown,
    OutputFailed,
    ServerError,
    StopgapError,
    UndecodableAnswer,
    UsageError,
)
from stopgap.results import (
    Deployed,
    Deployment,
    Diagnostic,
    Diff,
    Function,
    FunctionDiff,
    RolledBack,
    Status,
)

__version__ = "0.2.0"

__all__ = [
    "Client",
    "CompileError",
    "ConnectionFailed",
    "DatabaseError",
    "Deployed",
    "Deployment",
    "Diagnostic",
    "Diff",
    "Function",
    "FunctionDiff",
    "NotInitialized",
    "OutcomeUnknown",
    "OutputFailed",
    "RolledBack",
    "ServerError",
    "Status",
    "StopgapError",
    "UndecodableAnswer",
    "UsageError",
    "connect",
]
