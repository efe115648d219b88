"""The same JavaScript in a function and in Node: what differs is ours to explain."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

from tests.plts.support import Connection, define, fetch

_PROGRAMS = Path(__file__).parent / "programs"


def program(*names: str) -> str:
    """Return modules of tests/plts/programs as one; the last of them has a `run`."""
    return "\n".join((_PROGRAMS / f"{name}.mjs").read_text() for name in names)


def in_node(module: str, argument: object = None) -> Any:
    """Return what `run(argument)` of a JavaScript module gives in Node, as JSON."""
    node = shutil.which("node")
    assert node is not None
    call = f"JSON.stringify(await run({json.dumps(argument)}))"
    done = subprocess.run(
        [node, "--no-warnings", "--input-type=module"],
        input=f"{module}\nprocess.stdout.write({call});".encode(),
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout)


def in_plts(connection: Connection, module: str, argument: object = None) -> Any:
    """Return what `run(argument)` of a JavaScript module gives in a function."""
    url = "data:text/javascript;base64," + base64.b64encode(module.encode()).decode()
    define(
        connection,
        "differential(argument text) returns text",
        f'import * as program from "{url}";\n'
        "const run = program.run as (argument?: unknown) => unknown;\n"
        "export default async (ctx: Ctx<{ argument: string }>): Promise<string> =>\n"
        "  JSON.stringify(await run(JSON.parse(ctx.args.argument)));",
    )
    text = fetch(connection, "select differential(%s)", [json.dumps(argument)])
    return json.loads(text)


def differences(ours: list[Any], theirs: list[Any]) -> list[tuple[Any, Any]]:
    """Return the pairs that are not equal."""
    assert len(ours) == len(theirs)
    return [(a, b) for a, b in zip(ours, theirs, strict=True) if a != b]
