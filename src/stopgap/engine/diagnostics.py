"""Diagnostics of the TypeScript compiler, told function by function."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from .errors import CompileFailed
from .words import counted

# What plts.compile_and_store() fails with: the syntax phase, and the semantic one.
COMPILE_ERRORS = frozenset({"42601", "42P13"})

# What plts.artifact_source() puts, in a line of its own, before a plain body.
_PLAIN_BODY_MARK = "/* plts:body */"


class CompiledText(NamedTuple):
    """A function and how its compiled text relates to what its author wrote."""

    fn_name: str
    # Lines that the compiled text has before the author's first one.
    header_lines: int


class Diagnostic(NamedTuple):
    """One finding; line and column are those of the function's own text."""

    fn_name: str
    line: int
    column: int
    code: str
    message: str

    def to_json(self) -> dict[str, object]:
        """Return it as a plan lists it."""
        return self._asdict()

    def __str__(self) -> str:
        """Return `function:line:column: code: message`, further lines indented."""
        message = self.message.replace("\n", "\n  ")
        return f"{self.fn_name}:{self.line}:{self.column}: {self.code}: {message}"


def compiled_text(fn_name: str, first_line: str) -> CompiledText:
    """Tell a wrapped plain body from a module by the first line of its text."""
    is_plain = first_line.startswith(_PLAIN_BODY_MARK)
    return CompiledText(fn_name, header_lines=1 if is_plain else 0)


def parse_diagnostics(
    found: Sequence[Mapping[str, Any]], texts: Sequence[CompiledText]
) -> tuple[Diagnostic, ...]:
    """Return the errors among what `plts.typecheck_ts` found, in source order."""
    errors = [each for each in found if each.get("severity", "error") == "error"]
    errors.sort(
        key=lambda each: (each.get("source") or 1, each["line"], each["column"])
    )
    return tuple(
        _diagnostic(each, texts[(each.get("source") or 1) - 1]) for each in errors
    )


def _diagnostic(found: Mapping[str, Any], text: CompiledText) -> Diagnostic:
    return Diagnostic(
        fn_name=text.fn_name,
        line=max(1, found["line"] - text.header_lines),
        column=found["column"],
        code=found["code"],
        message=found["message"],
    )


def author_text(source: str) -> str:
    """Return what its author wrote of a text that was compiled."""
    if not source.startswith(_PLAIN_BODY_MARK):
        return source
    _, _, body = source.partition("\n")
    return body.rstrip().removesuffix("}")


def compile_failed(schema: str, diagnostics: Sequence[Diagnostic]) -> CompileFailed:
    """Return the refusal that reports all of them."""
    functions = {each.fn_name for each in diagnostics}
    errors = counted(len(diagnostics), "error")
    return CompileFailed(
        f'the functions of schema "{schema}" do not compile:'
        f" {errors} in {counted(len(functions), 'function')}",
        detail="\n".join(str(each) for each in diagnostics),
        hint="Correct the functions and deploy again; nothing was changed.",
    )


def diagnostics_from_json(
    text: str, texts: Sequence[CompiledText]
) -> tuple[Diagnostic, ...]:
    """Return the errors of the JSON array that `plts.typecheck_ts` answered."""
    return parse_diagnostics(json.loads(text), texts)
