"""Counters of this backend: how often each verb ran, how long, and how it failed."""

from __future__ import annotations

from typing import TypedDict

from .errors import ErrorClass


class Latency(TypedDict):
    """Fractional milliseconds."""

    total: float
    last: float
    max: float


class OperationReport(TypedDict):
    """What `stopgap.metrics()` says of one verb."""

    calls: int
    errors: int
    latency_ms: Latency
    error_classes: dict[str, int]


# The verbs that are counted, in the order of the report.
VERBS = (
    "deploy",
    "rollback",
    "diff",
    "plan",
    "activate",
    "repair",
    "promote",
    "export_deployment",
    "import_deployment",
    "gc",
    "record_failure",
    "verify",
)


class Operation:
    """The counters of one verb."""

    def __init__(self) -> None:
        self.calls = 0
        self.errors = 0
        self.latency_ms: Latency = {"total": 0.0, "last": 0.0, "max": 0.0}
        self.error_classes = {error_class.value: 0 for error_class in ErrorClass}

    def record(self, elapsed_ms: float, error_class: ErrorClass | None = None) -> None:
        """Count one call; `error_class` is None for one that succeeded."""
        self.calls += 1
        self.latency_ms["total"] += elapsed_ms
        self.latency_ms["last"] = elapsed_ms
        self.latency_ms["max"] = max(self.latency_ms["max"], elapsed_ms)
        if error_class is not None:
            self.errors += 1
            self.error_classes[error_class.value] += 1

    def report(self) -> OperationReport:
        """Return a copy that later calls do not change."""
        return {
            "calls": self.calls,
            "errors": self.errors,
            "latency_ms": {**self.latency_ms},
            "error_classes": {**self.error_classes},
        }


class Metrics:
    """The counters of every verb that is counted.

    They live in the backend's memory, so that a call whose transaction is rolled
    back is counted too.
    """

    def __init__(self, verbs: tuple[str, ...] = VERBS) -> None:
        self._operations = {verb: Operation() for verb in verbs}

    def operation(self, verb: str) -> Operation | None:
        """Return the counters of a verb, None for one that is not counted."""
        return self._operations.get(verb)

    def report(self) -> dict[str, OperationReport]:
        """Return what `stopgap.metrics()` answers."""
        return {verb: each.report() for verb, each in self._operations.items()}
