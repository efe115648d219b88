"""Deploys, versions and rolls back TypeScript functions inside PostgreSQL."""

from __future__ import annotations

from stopgap.client import Client, connect
from stopgap.errors import (
    BundleRefused,
    CompileError,
    ConnectionFailed,
    DatabaseError,
    NotInitialized,
    OutcomeUnknown,
    OutputFailed,
    ServerError,
    SmokeFailed,
    StopgapError,
    UndecodableAnswer,
    UsageError,
)
from stopgap.plans import Kept, Plan, Refusal, Repaired
from stopgap.results import (
    Activated,
    Deployed,
    Deployment,
    Diagnostic,
    Diff,
    Function,
    FunctionDiff,
    HandEdit,
    Made,
    Outcome,
    RolledBack,
    Status,
)

__version__ = "0.2.0"

__all__ = [
    "Activated",
    "BundleRefused",
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
    "HandEdit",
    "Kept",
    "Made",
    "NotInitialized",
    "Outcome",
    "OutcomeUnknown",
    "OutputFailed",
    "Plan",
    "Refusal",
    "Repaired",
    "RolledBack",
    "ServerError",
    "SmokeFailed",
    "Status",
    "StopgapError",
    "UndecodableAnswer",
    "UsageError",
    "connect",
]
