"""What the command line prints for people."""

from __future__ import annotations

import pytest

from stopgap import CompileError, DatabaseError, Diagnostic
from stopgap.cli.render import (
    print_error_human,
    print_error_json,
    print_human,
    print_talk,
    source_diff,
    table,
    unified,
)

Captured = pytest.CaptureFixture[str]


def compile_error(source_line: str, column: int) -> CompileError:
    return CompileError(
        "the functions do not compile",
        sqlstate="SG108",
        diagnostics=(
            Diagnostic("add_item", 3, column, "TS2322", "wrong type", source_line),
        ),
    )


def test_a_compile_error_shows_its_line_with_a_caret(capsys: Captured) -> None:
    print_error_human(compile_error('const n: number = "x";', 7))

    lines = capsys.readouterr().err.splitlines()
    assert "add_item:3:7 TS2322 wrong type" in lines
    shown = lines.index('    3 | const n: number = "x";')
    assert lines[shown + 1] == "      |       ^"


def test_the_caret_stands_below_its_place_behind_tabs(capsys: Captured) -> None:
    print_error_human(compile_error("\treturn x;", 9))

    *_, source, caret, _ = capsys.readouterr().err.splitlines()
    assert caret.index("^") == source.index("x;")


def test_an_error_has_its_detail_and_its_hint(capsys: Captured) -> None:
    print_error_human(
        DatabaseError("it is locked", detail="By whom it is.", hint="Try again.")
    )

    expected = "error: it is locked\nBy whom it is.\nhint: Try again.\n"
    assert capsys.readouterr().err == expected


def test_a_compile_error_has_its_diagnostics_in_json(capsys: Captured) -> None:
    print_error_json("deploy", compile_error("x", 1))

    answer = capsys.readouterr().err
    assert '"code": "TS2322"' in answer
    assert '"sqlstate": "SG108"' in answer


def test_names_are_shown_as_they_are(capsys: Captured) -> None:
    print_human("[bold]x[/bold]", table(("name",), [("[red]f[/red]",)]))

    lines = capsys.readouterr().out.splitlines()
    assert [line.rstrip() for line in lines] == [
        "[bold]x[/bold]",
        "name",
        "[red]f[/red]",
    ]


def test_a_diff_has_colours_on_a_terminal_only(
    capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes = unified(source_diff("f", "a\nb\n", "a\nc\n"))

    print_human(changes)
    plain = capsys.readouterr().out
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    print_human(changes)
    coloured = capsys.readouterr().out
    monkeypatch.setenv("NO_COLOR", "1")
    print_human(changes)
    refused = capsys.readouterr().out

    assert "-b\n+c\n" in plain
    assert "\x1b[32m+c" in coloured
    assert "\x1b[32m" not in refused


def test_several_diagnostics_stand_one_line_apart(capsys: Captured) -> None:
    found = (
        Diagnostic("f", 1, 1, "TS1", "first", "a"),
        Diagnostic("f", 2, 1, "TS2", "second"),
    )
    print_error_human(
        CompileError("no", sqlstate="SG108", diagnostics=found, hint="Correct it.")
    )

    assert capsys.readouterr().err == (
        "error: no\n\nf:1:1 TS1 first\n    1 | a\n      | ^\n"
        "\nf:2:1 TS2 second\n\nhint: Correct it.\n"
    )


def test_nothing_that_a_terminal_obeys_reaches_it(capsys: Captured) -> None:
    hostile = "a\x1b[2Jb\x9b31mc\u202ed"

    print_human(hostile, table(("name",), [(f"{hostile}\nx",)]), unified(hostile))
    print_talk(hostile)
    print_error_human(DatabaseError(hostile, detail=hostile, hint=hostile))

    captured = capsys.readouterr()
    shown = "a\u241b[2Jb\ufffd31mc\ufffdd"
    assert captured.out == f"{shown}\nname\n{shown}\u240ax\n{shown}\n"
    assert captured.err == f"{shown}\nerror: {shown}\n{shown}\nhint: {shown}\n"


def test_text_is_no_emoji(capsys: Captured) -> None:
    print_human(":smile:")

    assert capsys.readouterr().out == ":smile:\n"
