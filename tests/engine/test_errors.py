"""The refusals: a SQLSTATE each, and the table of the docs says the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from stopgap.engine.errors import EngineError, refusals

DOCS = Path(__file__).parents[2] / "docs" / "reference" / "sql.md"
ROW = re.compile(r"^\| `(SG\d{3})` \| (\w+) \| (.+?) \|$", re.MULTILINE)


def test_every_refusal_has_a_sqlstate_of_its_own() -> None:
    sqlstates = [refusal.sqlstate for refusal in refusals()]

    assert len(set(sqlstates)) == len(sqlstates)
    assert all(re.fullmatch(r"SG\d{3}", sqlstate) for sqlstate in sqlstates)


@pytest.mark.parametrize("refusal", refusals())
def test_the_hundreds_of_a_sqlstate_tell_the_class(refusal: type[EngineError]) -> None:
    hundreds = {"0": "permission", "1": "validation", "2": "state"}

    assert hundreds[refusal.sqlstate[2]] == refusal.error_class.value


def test_the_docs_list_every_refusal_and_no_other() -> None:
    documented = ROW.findall(DOCS.read_text(encoding="utf-8"))

    assert documented == [
        (refusal.sqlstate, refusal.error_class.value, refusal.__doc__)
        for refusal in refusals()
    ]
