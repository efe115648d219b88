"""The counters of a backend."""

from __future__ import annotations

from stopgap.engine.errors import ErrorClass
from stopgap.engine.metrics import VERBS, Metrics, Operation

NO_ERRORS = {"permission": 0, "validation": 0, "state": 0, "sql": 0, "unknown": 0}


def test_every_counted_verb_starts_at_nothing() -> None:
    nothing = {
        "calls": 0,
        "errors": 0,
        "latency_ms": {"total": 0, "last": 0, "max": 0},
        "error_classes": NO_ERRORS,
    }

    assert Metrics().report() == dict.fromkeys(VERBS, nothing)


def test_calls_and_latencies_add_up() -> None:
    operation = Operation()

    for elapsed in (2.0, 8.0, 4.0):
        operation.record(elapsed)

    assert operation.report()["calls"] == 3
    assert operation.report()["latency_ms"] == {"total": 14.0, "last": 4.0, "max": 8.0}
    assert operation.report()["errors"] == 0


def test_errors_are_counted_by_class() -> None:
    operation = Operation()

    operation.record(1.0, ErrorClass.STATE)
    operation.record(1.0, ErrorClass.STATE)
    operation.record(1.0, ErrorClass.UNKNOWN)

    assert operation.report()["errors"] == 3
    assert operation.report()["error_classes"] == NO_ERRORS | {"state": 2, "unknown": 1}


def test_a_report_does_not_change_afterwards() -> None:
    operation = Operation()
    report = operation.report()

    operation.record(1.0, ErrorClass.SQL)

    assert report["calls"] == 0
    assert report["latency_ms"]["total"] == 0
    assert report["error_classes"]["sql"] == 0


def test_a_verb_that_is_not_counted_has_no_counters() -> None:
    assert Metrics().operation("status") is None
