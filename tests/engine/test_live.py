"""Whether a live function runs a version."""

from __future__ import annotations

import pytest

from stopgap.engine.attributes import Attributes
from stopgap.engine.live import LiveFunction
from tests.engine.values import live_function, version


def test_a_live_function_runs_the_version_that_it_was_made_from() -> None:
    assert live_function("f").runs(version("f"))


@pytest.mark.parametrize(
    "changed",
    [
        live_function("f", code="other"),
        live_function("f", attributes=Attributes(volatility="stable")),
        live_function("f", attributes=Attributes(comment="mine")),
        live_function("f", language="sql"),
        live_function("f", security_definer=True),
        live_function("f", is_replaceable=False),
        live_function("f", is_public=True),
    ],
    ids=["body", "volatility", "comment", "language", "definer", "signature", "public"],
)
def test_any_change_by_hand_is_seen(changed: LiveFunction) -> None:
    assert not changed.runs(version("f"))
