"""Shows what was measured: a table for people, a document for programs."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.languages import TITLES
from benchmarks.result import OURS, Row
from stopgap.output_file import write_output


def show(rows: Sequence[Row], languages: Sequence[str], console: Console) -> None:
    """Print the table, and beneath it what could not be measured."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("", overflow="fold")
    table.add_column("unit")
    for language in languages:
        table.add_column(TITLES[language], justify="right")
    table.add_column("aim", justify="right")
    table.add_column("ratio", justify="right")
    for row in rows:
        table.add_row(
            row.what,
            row.unit,
            *(_number(row.values.get(language)) for language in languages),
            _aim(row),
            _verdict(row),
        )
    console.print(table)
    for row in rows:
        for language, failure in row.failures.items():
            console.print(
                f"{row.name}: {TITLES[language]} failed: {failure}",
                style="red",
                markup=False,
            )


def write_json(rows: Sequence[Row], path: Path, *, server_version: str) -> None:
    """Write all that was measured, and on what, to a file."""
    document = {
        "machine": {
            "system": platform.platform(),
            "processors": os.cpu_count(),
            "postgresql": server_version,
        },
        "rows": [row.as_json() for row in rows],
    }
    text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    write_output(path, text.encode())


def _number(value: float | None) -> str:
    if value is None:
        return ""
    digits = 2 if abs(value) < 10 else 1 if abs(value) < 100 else 0
    return f"{value:,.{digits}f}"


def _aim(row: Row) -> str:
    if row.aim is None:
        return ""
    if row.aim.times is None:
        return f"≤ {row.aim.at_most:g} {row.unit}"
    return f"≤ {row.aim.at_most:g} x {TITLES[row.aim.times]}"


def _verdict(row: Row) -> str:
    """Return our ratio to the peer, green where the aim is reached, else yellow."""
    ratio = row.ratio()
    text = "" if ratio is None else f"{_number(ratio)} x"
    reached = None if row.aim is None else row.aim.reached(row.values)
    if reached is None or OURS not in row.values:
        return text
    mark, style = ("✓", "green") if reached else ("✗", "yellow")
    return f"[{style}]{text} {mark}[/{style}]"
