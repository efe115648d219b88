"""Everything the command line prints: answers to stdout, talk and errors to stderr."""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from difflib import unified_diff
from typing import TextIO

from rich.console import Console, Group
from rich.text import Text

from stopgap.cli.place import place_options
from stopgap.cli.wording import as_commands
from stopgap.errors import (
    CompileError,
    DatabaseError,
    OutputFailed,
    SmokeFailed,
    StopgapError,
)
from stopgap.results import Deployment, Diagnostic, FunctionDiff
from stopgap.smoke import Failure

_COMMIT_DIGITS = 10
# What a terminal obeys instead of showing it, and what is shown in its place, character
# by character: names, labels and sources are other people's. Tabs and line ends stay.
_PICTURES = {
    **{code: chr(0x2400 + code) for code in range(0x20)},
    0x7F: "\u2421",
    **dict.fromkeys([*range(0x80, 0xA0), *range(0x202A, 0x202F)], "\ufffd"),
    **dict.fromkeys(range(0x2066, 0x206A), "\ufffd"),
}
_LINE_PICTURES = {
    code: picture for code, picture in _PICTURES.items() if chr(code) not in "\t\n"
}
_DIFF_STYLES = {"+": "green", "-": "red", "@": "cyan"}
_CHANGE_STYLES = {"added": "green", "changed": "yellow", "removed": "red"}


def print_json(answer: Mapping[str, object]) -> None:
    """Write an answer for programs."""
    with _output():
        sys.stdout.write(_json(answer, sys.stdout) + "\n")


def print_human(*parts: str | Text) -> None:
    """Write an answer for people."""
    with _output():
        console = _Console(highlight=False, markup=False, soft_wrap=True)
        for part in parts:
            console.print(_shown(part))


def table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> Text:
    """Return rows in columns, never cut or folded; a None in it is an empty cell."""
    titles = [Text(column, style="bold") for column in columns]
    return _aligned([titles, *([_cell(cell) for cell in row] for row in rows)])


def facts(pairs: Sequence[tuple[str, object]]) -> Text:
    """Return names and what they are, one a line; those that are None left out."""
    return _aligned(
        [
            [Text(name, style="bold"), _cell(value)]
            for name, value in pairs
            if value is not None
        ]
    )


def moment(timestamp: str) -> str:
    """Return a time of the database as the clock here shows it, and its zone."""
    try:
        here = datetime.fromisoformat(timestamp).astimezone()
        return here.isoformat(sep=" ", timespec="seconds")
    except (ValueError, OverflowError):
        return timestamp


def commit(provenance: Mapping[str, object]) -> str:
    """Return the commit that the sources are of, marked where they were changed."""
    dirty = "+" if provenance.get("git_dirty") else ""
    return str(provenance.get("git_commit", ""))[:_COMMIT_DIGITS] + dirty


def with_provenance(
    columns: Sequence[str],
    rows: Sequence[Sequence[object]],
    said: Sequence[Mapping[str, object]],
) -> tuple[list[str], list[list[object]]]:
    """Add to a table what was said of each row's deployment, if anything was."""
    titles = list(columns)
    cells = [list(row) for row in rows]
    for name, key in (("message", "message"), ("ci", "ci_url")):
        if any(key in each for each in said):
            titles.append(name)
            for row, each in zip(cells, said, strict=True):
                row.append(each.get(key))
    return titles, cells


def title(deployment: Deployment) -> str:
    """Return the words by which people know a deployment."""
    label = f' "{one_line(deployment.label)}"' if deployment.label else ""
    return f"deployment {deployment.id}{label}"


def one_line(name: str) -> str:
    """Return a name or a label without what would end the line, or move in it."""
    return name.translate(_PICTURES)


def env_option(env: str) -> str:
    """Return the options that name an environment, as a shell takes them."""
    return f"--env {shlex.quote(env)}{place_options()}"


def change_title(function: FunctionDiff) -> Text:
    """Return a function and what becomes of it."""
    style = _CHANGE_STYLES.get(function.change, "")
    name = one_line(function.fn_name)
    title = Text.assemble((function.change, style), " ", (name, "bold"))
    if function.changed_attributes:
        title.append(f" ({', '.join(function.changed_attributes)})")
    return title


def source_diff(name: str, before: str, after: str) -> str:
    """Return the unified diff of two TypeScript texts."""
    lines = unified_diff(
        before.splitlines(),
        after.splitlines(),
        f"{name} (active)",
        f"{name} (candidate)",
        lineterm="",
    )
    return "\n".join(lines)


def unified(diff: str) -> Text:
    """Return a unified diff in colour."""
    result = Text()
    for line in diff.splitlines():
        is_title = line.startswith(("+++", "---"))
        style = "bold" if is_title else _DIFF_STYLES.get(line[:1], "")
        result.append(line + "\n", style=style)
    result.rstrip()
    return result


def print_talk(message: str) -> None:
    """Tell people something that is no part of the answer."""
    with _talk():
        _stderr().print(_shown(message), style="dim")


@contextmanager
def progress(what: str, *, quiet: bool) -> Iterator[None]:
    """Show on a terminal that something is under way."""
    console = _stderr()
    if quiet or not console.is_terminal:
        yield
        return
    with console.status(_shown(what)):
        yield


def print_error_human(error: StopgapError) -> None:
    """Write an error for people."""
    parts: list[str | Text] = [labelled("error", error.message, "bold red")]
    if isinstance(error, CompileError) and error.diagnostics:
        parts += [*map(diagnostic_text, error.diagnostics), ""]
    elif isinstance(error, DatabaseError) and error.detail:
        parts.append(Text(error.detail))
    elif isinstance(error, SmokeFailed):
        parts.extend(map(_smoke_failure, error.failures))
    if error.failed_deployment_id is not None:
        parts.append(Text(f"Recorded as deployment {error.failed_deployment_id}"))
    if error.hint:
        parts.append(labelled("hint", as_commands(error.hint), "bold cyan"))
    with _talk():
        _stderr().print(Group(*map(_shown, parts)))


def print_error_json(command: str | None, error: StopgapError) -> None:
    """Write an error for programs."""
    told: dict[str, object] = {
        "kind": type(error).__name__,
        "message": error.message,
        "hint": error.hint and as_commands(error.hint),
    }
    if isinstance(error, DatabaseError):
        told |= {"sqlstate": error.sqlstate, "detail": error.detail}
    if isinstance(error, CompileError):
        told["diagnostics"] = [
            {
                "fn_name": each.fn_name,
                "line": each.line,
                "column": each.column,
                "code": each.code,
                "message": each.message,
            }
            for each in error.diagnostics
        ]
    if isinstance(error, SmokeFailed):
        told["smoke_tests"] = [
            {"check": each.name, "line": each.line, "message": each.why}
            for each in error.failures
        ]
    if command in ("deploy", "import"):
        told["failed_deployment_id"] = error.failed_deployment_id
    answer = {"command": command, "exit_code": error.exit_code, "error": told}
    with _talk():
        print(_json(answer, sys.stderr), file=sys.stderr)


def _json(answer: Mapping[str, object], stream: TextIO) -> str:
    is_unicode = (stream.encoding or "").lower().startswith("utf")
    return json.dumps(answer, ensure_ascii=not is_unicode, indent=2)


def diagnostic_text(found: Diagnostic) -> Text:
    """Return a diagnostic with the line it is about and a caret below its column."""
    result = Text()
    place = f"{found.fn_name}:{found.line}:{found.column}"
    result.append(f"\n{place}", style="bold").append(f" {found.code} {found.message}")
    if found.source_line is not None:
        gutter = f"\n{found.line:>5} | "
        result.append(gutter, style="dim").append(found.source_line + "\n")
        before = found.source_line[: found.column - 1]
        # Below a tab stands a tab, so that both lines come out equally wide.
        blank = "".join("\t" if character == "\t" else " " for character in before)
        result.append(" " * (len(gutter) - 3) + "| ", style="dim")
        result.append(f"{blank}^", style="bold red")
    return result


def _smoke_failure(failed: Failure) -> Text:
    place = "" if failed.line is None else f" (line {failed.line})"
    return labelled(f"{failed.name}{place}", failed.why, "bold")


def labelled(label: str, message: str, style: str) -> Text:
    """Return a message behind a word that says what it is."""
    return Text.assemble((f"{label}:", style), f" {message}")


def _shown(part: str | Text) -> Text:
    """Return a text in which nothing is left that a terminal would obey."""
    if isinstance(part, str):
        return Text(part.translate(_LINE_PICTURES))
    part.plain = part.plain.translate(_LINE_PICTURES)
    return part


def _cell(value: object) -> Text:
    if isinstance(value, Text):
        return value
    return Text("" if value is None else one_line(str(value)))


def _aligned(rows: Sequence[Sequence[Text]]) -> Text:
    widths = [
        max(cell.cell_len for cell in column) for column in zip(*rows, strict=True)
    ]
    lines = []
    for row in rows:
        line = Text()
        for cell, width in zip(row, widths, strict=True):
            line.append_text(cell).append(" " * (width - cell.cell_len + 2))
        line.rstrip()
        lines.append(line)
    return Text("\n").join(lines)


def _stderr() -> Console:
    return _Console(stderr=True, highlight=False, markup=False, soft_wrap=True)


class _Console(Console):
    """A console that leaves it to its caller what a closed pipe means."""

    def on_broken_pipe(self) -> None:
        """Go on with the error: Rich would exit with a code of its own."""
        raise


def output_failed(error: OSError) -> OutputFailed:
    """Return what a full disk or a closed pipe is told as."""
    # What is still buffered would fail again when the interpreter ends.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return OutputFailed(f"cannot write the output: {os.strerror(error.errno or 0)}")


@contextmanager
def _talk() -> Iterator[None]:
    """Let the answer go on, and the exit code, where nobody reads what is said."""
    try:
        yield
        sys.stderr.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())


@contextmanager
def _output() -> Iterator[None]:
    """Tell a full disk or a closed pipe from other errors."""
    try:
        yield
        sys.stdout.flush()
    except OSError as error:
        raise output_failed(error) from error
