"""What a session's memory is, and whether it has grown.

PostgreSQL tells of its own memory by context; what V8 and the C library have shows in
the private memory of the process alone.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import psycopg

Connection = psycopg.Connection[tuple[Any, ...]]

# What PostgreSQL keeps of the catalogs grows with what a session has seen of them, and
# is not ours, as are buffers.
CATALOG_CONTEXTS = frozenset(
    {
        "CacheMemoryContext",
        # Of temporary tables, up to temp_buffers.
        "LocalBufferContext",
        "Relcache by OID",
        "RowDescriptionContext",
        "TableSpace cache",
        "TopTransactionContext",
        "Type information cache",
        "index info",
        "relation rules",
    }
)
# By how much a context may be larger in the end, for what comes and goes.
_CONTEXT_SLACK = 64 * 1024
_CONTEXT_FACTOR = 1.25
# The heap that V8 may have in a session, and by how much a process may be larger: V8
# collects when it likes. What leaks into its heap meets that limit, which is an error.
HEAP_MB = 96
_PROCESS_SLACK_KB = HEAP_MB * 1024
_PROCESS_FACTOR = 1.25
# Of fewer samples than these nothing can be said.
_FEWEST = 9


@dataclass(frozen=True, slots=True)
class Sample:
    """The memory of one session at one time: bytes by context, kB of the process."""

    at: float
    contexts: dict[str, int]
    private_kb: int


@dataclass(frozen=True, slots=True)
class Growth:
    """What of a session's memory is larger than it was."""

    what: str
    before: int
    after: int

    def __str__(self) -> str:
        return f"{self.what}: {self.before:,} -> {self.after:,} bytes"


def take(connection: Connection) -> Sample:
    """Return the memory of the connection's backend."""
    rows = connection.execute(
        "select name, sum(used_bytes)::bigint"
        " from pg_backend_memory_contexts group by name"
    ).fetchall()
    contexts = {str(name): int(used) for name, used in rows}
    return Sample(time.monotonic(), contexts, private_kb(connection.info.backend_pid))


def private_kb(pid: int) -> int:
    """Return the memory of a process that no other shares."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    lines = [line.split() for line in text.splitlines()[1:]]
    sizes = {name: int(size) for name, size, *_ in lines}
    return sizes["Private_Dirty:"] + sizes["Private_Clean:"]


def judge(samples: Sequence[Sample], *, warm_up: float) -> list[Growth] | None:
    """Return what has grown since the session had warmed up, for so many seconds.

    Compares medians, for a sample may meet the largest moment of what comes and goes.
    None where the session did not go on for long enough after that.
    """
    settled = [each for each in samples if each.at >= samples[0].at + warm_up]
    if len(settled) < _FEWEST:
        return None
    third = len(settled) // 3
    early, late = settled[:third], settled[-third:]
    names = {name for each in settled for name in each.contexts} - CATALOG_CONTEXTS
    found = []
    for name in sorted(names):
        before = int(median(each.contexts.get(name, 0) for each in early))
        after = int(median(each.contexts.get(name, 0) for each in late))
        if after > before * _CONTEXT_FACTOR + _CONTEXT_SLACK:
            found.append(Growth(f"context {name}", before, after))
    before = int(median(each.private_kb for each in early))
    after = int(median(each.private_kb for each in late))
    if after > before * _PROCESS_FACTOR + _PROCESS_SLACK_KB:
        found.append(Growth("the process", before * 1024, after * 1024))
    return found
