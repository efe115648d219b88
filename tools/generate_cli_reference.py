"""Writes docs/reference/cli.md from the command line's own --help."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = ROOT / "docs" / "reference" / "cli.md"
_PROGRAM = Path(sys.executable).parent / "stopgap"
_HEAD = """\
# The command line

This page is `--help`, written by `make fmt`; a test checks that it is current.

"""
_TAIL = """\
## Which database

The first of these that names one:

1. `--db`, or `--dir`: the local server of that folder; both at once are refused
2. `STOPGAP_DB`
3. `DATABASE_URL`, where it is a URL of PostgreSQL
4. libpq's variables, where one of `PGSERVICE`, `PGHOST`, `PGHOSTADDR`, `PGPORT` and \
`PGDATABASE` is set; the others, such as `PGUSER` and `PGPASSWORD`, add to each of these
5. the local server of the nearest `.stopgap`, in this folder or above

A variable that is empty counts as not set. Commands that are proposed repeat `--db`,
without the password, and `--dir`. Where there is no connection, the hint says which
variable named the database.

## Exit codes

| code | meaning |
| --- | --- |
| 0 | done |
| 1 | the local server, or the demo, failed |
| 2 | the command line is not understood, or names no database |
| 3 | there are changes (`diff`, `plan` with `--exit-code`), or \
findings (`verify`) but those that `--allow-added` accepts |
| 10 | no connection to the database |
| 11 | the database refused, or would (`plan`, `--dry-run`) |
| 12 | the database's answer is not understood |
| 13 | the output could not be written |
| 14 | the database has no stopgap |
| 15 | the connection broke during COMMIT: the outcome is unknown |
| 16 | smoke tests failed, so nothing was deployed |
| 17 | the file of a bundle is damaged, or not signed as it should be |
| 130 | interrupted |
| 143 | ended by SIGTERM |

Where the connection breaks during COMMIT, every host of the DSN is asked whether it was
done, until one of them is the primary: for 30 seconds, or as many as
`STOPGAP_FAILOVER_SECONDS` says.

## JSON

With `--output json`, or `STOPGAP_OUTPUT=json`, each command writes one object. Its keys
stay; new ones may come. All have `command`, and those of an environment have `env`.

| command | keys |
| --- | --- |
| `deploy` | `from_schema`, `deployment_id`, `prune`, `changed`, `status`, \
`smoke_tests`, `dry_run`, `skipped`, `hand_edits`, `seconds` |
| `plan` | `from_schema`, `changed`, `possible`, `plan` |
| `rollback` | `steps`, `to_id`, `to_label`, `deployment_id`, `changed`, \
`passed_over`, `smoke_tests`, `dry_run`, `hand_edits`, `seconds` |
| `activate` | `deployment_id`, `changed`, `smoke_tests`, `dry_run`, `hand_edits`, \
`seconds` |
| `smoke` | `smoke_tests` |
| `repair` | `changed`, `dry_run`, `repair` |
| `status` | `status` |
| `deployments` | `count`, `deployments` |
| `diff` | `from_schema`, `diff` |
| `promote` | `from_env`, `to_env`, `deployment_id`, `status`, `changed`, \
`smoke_tests`, `dry_run`, `skipped`, `hand_edits`, `seconds` |
| `export` | `deployment_id`, `out`, `digest`, `signed`, `skipped` |
| `import` | `file`, `deployment_id`, `status`, `changed`, `verified`, `differences`, \
`smoke_tests`, `dry_run`, `skipped`, `hand_edits`, `seconds` |
| `audit` | `count`, `entries` |
| `gc`, `after-restore` | those of the functions of these names |
| `verify` | those of the function, and `accepted`: what `--allow-added` lets pass |
| `up` | `dsn`, `dir`, `port`, `pid` |
| `down` | `dir`, `pid`, `stopped` |
| `demo` | `database`, `dsn`, `steps` |

`changed` is false where there was nothing to do: no live function had to change, and
the deployment has the functions that were active before. A `--dry-run` of `deploy`,
`promote`, `import`, `rollback` and `activate` has `plan`, and `seconds` that are null.
`skipped` lists what was not deployed, with the `reason`; `hand_edits`, what people had
done to live functions by hand and lose: `fn_name`, `changed` and `becomes` (`replaced`,
`created`, `dropped`); `passed_over`, the deployments that a rollback by steps went
past. `seconds` are those of the database: `lock_wait`, `compile`, `ddl` and `total`;
people see them with `--verbose`. `plan`, `repair`, `status`,
`deployments` and `diff` are what the functions of these names answer, see the
[SQL reference](sql.md).

An error is JSON too, on the standard error: `command`, `exit_code` and `error` with
`kind`, `message` and `hint`; what the database refused has `sqlstate` and `detail`, and
TypeScript that does not compile has `diagnostics`, each with `fn_name`, `line`,
`column`, `code` and `message`. Smoke tests that failed are in `smoke_tests`, each with
`check`, `line` and `message`. `failed_deployment_id` of `deploy` and `import` is where
the history keeps it, null where it does not. SQLSTATEs are listed in the
[SQL reference](sql.md).
"""


def render() -> str:
    """Return the page."""
    overview = _help()
    verbs = [
        line.split()[0]
        for line in overview.partition("Commands:\n")[2].splitlines()
        if line.startswith("  ") and not line.startswith("   ")
    ]
    sections = [f"## stopgap {verb}\n\n{_block(_help(verb))}" for verb in verbs]
    return _HEAD + _block(overview) + "\n" + "\n".join([*sections, _TAIL])


def main() -> None:
    """Write the page."""
    REFERENCE.write_text(render())


def _block(text: str) -> str:
    return f"```text\n{text.rstrip()}\n```\n"


def _help(*verb: str) -> str:
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "TERMINAL_WIDTH": "88",
        "COLUMNS": "88",
        "NO_COLOR": "1",
    }
    answer = subprocess.run(
        [_PROGRAM, *verb, "--help"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return answer.stdout


if __name__ == "__main__":
    main()
