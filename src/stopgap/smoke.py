"""Smoke tests: calls that must succeed before a deploy is committed.

They run in the deploy's own transaction, as a role without the deployer's rights, and
leave nothing behind. The role cannot be left: each check runs in a SECURITY DEFINER
function that the role owns, inside which PostgreSQL refuses to change roles.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from stopgap.errors import ConnectionFailed, DatabaseError, SmokeFailed, UsageError
from stopgap.statements import split_statements
from stopgap.transport import Connection, Inspect

DEFAULT_ROLE = "app_user"

_KEYS = {"name", "call", "args", "sql", "expect", "contains", "error"}
# As many rows as a failure could want to show.
_MAX_ROWS = 1000
# Made again before each check, as the role: what a check has made of it does not last.
# Whether a statement answers is the server's to say: it opens no cursor for one that
# does not, before it runs any of it. The columns are counted, since names can repeat.
_RUNNER = """
create or replace function pg_temp.stopgap_smoke(
    statement pg_catalog.text, max_rows pg_catalog.int4
) returns pg_catalog.jsonb language plpgsql volatile security definer as $$
declare
    opened pg_catalog.refcursor;
    answer pg_catalog.record;
    answers pg_catalog.jsonb[] := '{}';
    columns pg_catalog.int4;
begin
    begin
        open opened no scroll for execute statement;
    exception when invalid_cursor_definition then
        execute statement;
        return null;
    end;
    for number in 0 .. max_rows loop
        fetch opened into answer;
        exit when not found;
        columns := (
            select pg_catalog.count(*)
            from pg_catalog.json_object_keys(pg_catalog.to_json(answer))
        );
        answers := pg_catalog.array_append(answers, pg_catalog.to_jsonb(answer));
    end loop;
    close opened;
    return pg_catalog.jsonb_build_object('columns', columns, 'rows', answers);
end
$$
"""
_RUN = "select pg_temp.stopgap_smoke(%s::pg_catalog.text, %s::pg_catalog.int4)"
_NOTHING = object()


@dataclass(frozen=True, slots=True)
class Check:
    """One statement, and what must come of it."""

    name: str
    line: int | None
    # A live function; None for a statement of SQL.
    call: str | None = None
    args: Any = None
    statement: str = ""
    expect: Any = _NOTHING
    contains: Any = _NOTHING
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """A check that did not come out right, and why."""

    name: str
    line: int | None
    why: str


@dataclass(frozen=True, slots=True)
class Smoke:
    """The checks of a file, and the role that they run as."""

    checks: tuple[Check, ...]
    role: str = DEFAULT_ROLE

    def inspector(self, env: str) -> Inspect:
        """Return what runs the checks in an open transaction."""
        return lambda connection, _: _inspect(connection, env, self)


def read_smoke(path: Path, role: str = DEFAULT_ROLE) -> Smoke:
    """Return the checks of a file: .sql, .toml or .json."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"cannot read {path}: it is no UTF-8") from error
    if path.suffix == ".sql":
        checks = [
            Check(name=_first_line(each.text), line=each.line, statement=each.text)
            for each in split_statements(text)
        ]
    elif path.suffix in (".toml", ".json"):
        checks = [
            _check(each, f"{path.name}: check {number}")
            for number, each in enumerate(_entries(path, text), start=1)
        ]
    else:
        raise UsageError(
            f"{path.name} is no file of smoke tests",
            hint="it ends in .sql, .toml or .json",
        )
    if not checks:
        raise UsageError(f"{path.name} has no checks in it")
    return Smoke(tuple(checks), role)


def _entries(path: Path, text: str) -> Sequence[object]:
    try:
        found = tomllib.loads(text) if path.suffix == ".toml" else json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path.name} cannot be read: {error}") from error
    entries = found.get("check") if isinstance(found, dict) else found
    if not isinstance(entries, list) or (isinstance(found, dict) and len(found) > 1):
        raise UsageError(
            f'{path.name} must be a list of checks named "check"',
            hint='[[check]], then call = "…", args = { … } and expect = …',
        )
    return entries


def _check(entry: object, place: str) -> Check:
    if not isinstance(entry, dict) or not entry.keys() <= _KEYS:
        raise UsageError(
            f"{place} is not understood",
            hint="its keys are " + ", ".join(sorted(_KEYS)),
        )
    call, statement = entry.get("call"), entry.get("sql")
    if (call is None) == (statement is None):
        raise UsageError(f'{place} must have either "call" or "sql"')
    for key in ("name", "call", "sql", "error"):
        if not isinstance(entry.get(key, ""), str):
            raise UsageError(f'{place}: "{key}" must be a text')
    if call == "":
        raise UsageError(f'{place}: "call" is empty')
    if statement is not None:
        statement = _only_statement(statement, place)
    if len(entry.keys() & {"expect", "contains", "error"}) > 1:
        raise UsageError(f"{place} can have only one of expect, contains and error")
    try:
        json.dumps(entry, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise UsageError(f"{place} holds what is no JSON: {error}") from error
    return Check(
        name=entry.get("name") or call or _first_line(str(statement)),
        line=None,
        call=call,
        args=entry.get("args", {}),
        statement=statement or "",
        expect=entry.get("expect", _NOTHING),
        contains=entry.get("contains", _NOTHING),
        error=entry.get("error"),
    )


def _only_statement(text: str, place: str) -> str:
    """Return the statement of a check; of several, which one would be judged?"""
    found = split_statements(text)
    if not found:
        raise UsageError(f'{place}: "sql" has no statement in it')
    if len(found) > 1:
        raise UsageError(
            f'{place}: "sql" has {len(found)} statements',
            hint="make a check of each; a later one sees what those before it did",
        )
    return found[0].text


def _inspect(connection: Connection, env: str, smoke: Smoke) -> None:
    """Run the checks and undo what they did; raise what failed."""
    row = connection.execute(
        "select live_schema from stopgap.environment where env = %s", [env]
    ).fetchone()
    live_schema = str(row[0]) if row else ""
    failures: list[Failure] = []
    with connection.transaction(force_rollback=True):
        _become(connection, smoke.role)
        for check in smoke.checks:
            why = _run(connection, check, live_schema, smoke.role)
            if why is not None:
                failures.append(Failure(check.name, check.line, why))
    if failures:
        count = f"{len(failures)} of {len(smoke.checks)}"
        raise SmokeFailed(f"{count} smoke tests failed", failures=tuple(failures))


def _become(connection: Connection, role: str) -> None:
    name = sql.Identifier(role)
    try:
        connection.execute(sql.SQL("set local role {}").format(name))
    except psycopg.errors.InsufficientPrivilege as error:
        raise DatabaseError(
            f'smoke tests run as role "{role}", which this role is no member of',
            sqlstate=error.sqlstate,
            hint="As a superuser: "
            + sql.SQL("grant {} to {};")
            .format(name, sql.Identifier(connection.info.user))
            .as_string(connection),
        ) from error


def _run(
    connection: Connection, check: Check, live_schema: str, role: str
) -> str | None:
    """Run one check; return why it failed, None where it did not."""
    statement = check.statement
    if check.call is not None:
        statement = (
            sql.SQL("select {}({}) as answer")
            .format(sql.Identifier(live_schema, check.call), Jsonb(check.args))
            .as_string(connection)
        )
    try:
        with connection.transaction():
            connection.execute(_RUNNER)
            row = connection.execute(_RUN.encode(), [statement, _MAX_ROWS]).fetchone()
    except psycopg.Error as error:
        if connection.closed:
            raise ConnectionFailed(
                f"the connection broke during {check.name}"
            ) from error
        return _judge_error(check, error)
    _refuse_escape(connection, role)
    return _judge(check, row[0] if row else None)


def _refuse_escape(connection: Connection, role: str) -> None:
    row = connection.execute(
        "select pg_catalog.current_setting('role') operator(pg_catalog.=) %s", [role]
    ).fetchone()
    if row is None or row[0] is not True:
        raise SmokeFailed("a smoke test left its role", failures=())


def _judge_error(check: Check, error: psycopg.Error) -> str | None:
    if check.error is not None and check.error == error.sqlstate:
        return None
    told = error.diag.message_primary or str(error)
    wanted = "" if check.error is None else f", not {check.error}"
    return f"{error.sqlstate}{wanted}: {told}"


def _judge(check: Check, answered: Mapping[str, Any] | None) -> str | None:
    """Return why what a check answered is wrong; None answers nothing, as DDL does."""
    if check.error is not None:
        return f"it succeeded, and should have failed with {check.error}"
    expects = check.expect is not _NOTHING or check.contains is not _NOTHING
    if answered is None:
        return "it is no statement that answers" if expects else None
    rows, columns = answered["rows"], answered["columns"]
    if len(rows) > _MAX_ROWS:
        return f"it answered more than {_MAX_ROWS} rows"
    if any(len(row) != columns for row in rows):
        return f"it answered {columns} columns, which must have different names"
    answers = [next(iter(row.values())) if columns == 1 else row for row in rows]
    if not expects and check.call is None:
        return _verdict(answers, columns)
    answer = answers[0] if len(answers) == 1 else answers
    if not expects and answer is False:
        return "it answered false"
    if check.expect is not _NOTHING and not _is_same(answer, check.expect):
        return f"it answered {_shown(answer)}, not {_shown(check.expect)}"
    if check.contains is not _NOTHING and not _contains(answer, check.contains):
        return f"it answered {_shown(answer)}, which lacks {_shown(check.contains)}"
    return None


def _verdict(answers: Sequence[Any], columns: int | None) -> str | None:
    """Return why a statement that says by itself how it came out did not succeed."""
    if not answers:
        return "it answered no rows, not true"
    if columns != 1:
        return f"it answered {_shown(answers[0])} in {columns} columns, not true in one"
    for number, answer in enumerate(answers, start=1):
        if answer is not True:
            place = f" in row {number}" if len(answers) > 1 else ""
            wanted = "" if answer is False else ", not true"
            return f"it answered {_shown(answer)}{place}{wanted}"
    return None


def _is_same(answer: Any, expected: Any) -> bool:
    """Compare as JSON does: true is no 1, whatever Python says."""
    if isinstance(answer, bool) or isinstance(expected, bool):
        return answer is expected
    if isinstance(expected, dict):
        return (
            isinstance(answer, dict)
            and answer.keys() == expected.keys()
            and all(_is_same(answer[key], value) for key, value in expected.items())
        )
    if isinstance(expected, list):
        return (
            isinstance(answer, list)
            and len(answer) == len(expected)
            and all(map(_is_same, answer, expected))
        )
    return bool(answer == expected)


def _contains(answer: Any, part: Any) -> bool:
    """Tell whether an answer has what a part names; objects may have more."""
    if isinstance(part, dict):
        return isinstance(answer, dict) and all(
            key in answer and _contains(answer[key], value)
            for key, value in part.items()
        )
    if isinstance(part, list):
        return (
            isinstance(answer, list)
            and len(answer) == len(part)
            and all(map(_contains, answer, part))
        )
    return _is_same(answer, part)


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 300 else text[:300] + "…"


def _first_line(statement: str) -> str:
    line = statement.strip().splitlines()[0] if statement.strip() else "nothing"
    return line if len(line) <= 60 else line[:59] + "…"
