"""Compile errors, told function by function."""

from __future__ import annotations

from stopgap.engine.diagnostics import (
    CompiledText,
    Diagnostic,
    compile_failed,
    compiled_text,
    diagnostics_from_json,
    parse_diagnostics,
)

TEXTS = [CompiledText("plain", header_lines=1), CompiledText("module", 0)]


def finding(**changes: object) -> dict[str, object]:
    found: dict[str, object] = {
        "severity": "error",
        "code": "TS2322",
        "message": "Type 'string' is not assignable to type 'number'.",
        "line": 3,
        "column": 5,
        "phase": "semantic",
        "source": 1,
    }
    return found | changes


def test_lines_are_those_that_the_author_wrote() -> None:
    found = parse_diagnostics([finding(), finding(source=2)], TEXTS)

    assert [(each.fn_name, each.line) for each in found] == [
        ("plain", 2),
        ("module", 3),
    ]


def test_a_finding_in_the_header_is_told_at_the_first_line() -> None:
    (found,) = parse_diagnostics([finding(line=1)], TEXTS)

    assert found.line == 1


def test_findings_are_in_the_order_of_the_sources() -> None:
    found = parse_diagnostics(
        [finding(source=2), finding(line=9), finding(line=4)], TEXTS
    )

    assert [(each.fn_name, each.line) for each in found] == [
        ("plain", 3),
        ("plain", 8),
        ("module", 3),
    ]


def test_warnings_are_no_errors() -> None:
    assert parse_diagnostics([finding(severity="warning")], TEXTS) == ()


def test_a_single_source_need_not_be_numbered() -> None:
    assert diagnostics_from_json(
        '[{"line":2,"column":1,"code":"TS1","message":"m"}]', TEXTS
    ) == (Diagnostic("plain", 1, 1, "TS1", "m"),)


def test_a_long_message_is_indented() -> None:
    told = str(Diagnostic("f", 1, 2, "TS1", "first\nsecond"))

    assert told == "f:1:2: TS1: first\n  second"


def test_all_of_them_are_reported_at_once() -> None:
    found = parse_diagnostics([finding(), finding(line=5), finding(source=2)], TEXTS)

    refusal = compile_failed("shop", found)

    assert refusal.message == (
        'the functions of schema "shop" do not compile: 3 errors in 2 functions'
    )
    assert refusal.detail == "\n".join(str(each) for each in found)


def test_a_plain_body_is_known_by_its_mark() -> None:
    header = "/* plts:body */ export default function (ctx) {"

    assert compiled_text("f", header).header_lines == 1
    assert compiled_text("f", "export default 1;").header_lines == 0
