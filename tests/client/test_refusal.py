"""Diagnostics read from the DETAIL of a compile error."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stopgap.engine.diagnostics import Diagnostic as EngineDiagnostic
from stopgap.refusal import parse_diagnostics

_lines = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), max_size=20
)
_diagnostics = st.builds(
    EngineDiagnostic,
    fn_name=st.from_regex(r"[a-z_][a-z0-9_ é]{0,20}", fullmatch=True),
    line=st.integers(1, 10_000),
    column=st.integers(1, 10_000),
    code=st.from_regex(r"TS[0-9]{4}", fullmatch=True),
    message=st.lists(_lines, min_size=1, max_size=3).map("\n".join),
)


@given(st.lists(_diagnostics, max_size=4))
def test_what_the_engine_writes_is_read_back(written: list[EngineDiagnostic]) -> None:
    detail = "\n".join(map(str, written))

    found = parse_diagnostics(detail)

    assert [
        (each.fn_name, each.line, each.column, each.code, each.message)
        for each in found
    ] == [
        (each.fn_name, each.line, each.column, each.code, each.message)
        for each in written
    ]


def test_other_text_is_no_diagnostic() -> None:
    assert parse_diagnostics("nothing of the kind") == ()
