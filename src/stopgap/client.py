"""The client: stopgap's SQL functions as methods, its answers as typed values.

with stopgap.connect("dbname=shop") as client:
    client.deploy("prod", from_schema="shop", label="first")
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from importlib import resources
from types import TracebackType
from typing import Any, Self

import psycopg
from psycopg.types.json import Jsonb

from stopgap.errors import (
    CompileError,
    ConnectionFailed,
    DatabaseError,
    NotInitialized,
    OutcomeUnknown,
    StopgapError,
    UndecodableAnswer,
    UsageError,
)
from stopgap.refusal import refusal
from stopgap.results import (
    Deployed,
    Deployment,
    Diff,
    Json,
    RolledBack,
    Status,
)

# SQLSTATEs of the engine, see docs/reference/sql.md.
_RESULT_TOO_LARGE = "SG109"
_CONCURRENT_CHANGE = "SG208"
# What PostgreSQL says where there is no schema stopgap, or not this function in it.
_MISSING = ("3F000", "42883")
_ATTEMPTS = 3
_PAGE = 200
_Parameters = Sequence[object] | Mapping[str, object]


def connect(dsn: str, *, on_notice: Callable[[str], None] | None = None) -> Client:
    """Connect to a database with stopgap; `on_notice` gets what the server remarks."""
    try:
        connection = psycopg.connect(
            dsn, autocommit=True, fallback_application_name="stopgap"
        )
    except psycopg.OperationalError as error:
        raise ConnectionFailed(_one_line(error)) from error
    except psycopg.ProgrammingError as error:
        raise UsageError(f"this is no connection string: {_one_line(error)}") from error
    connection.isolation_level = psycopg.IsolationLevel.READ_COMMITTED
    if on_notice is not None:
        connection.add_notice_handler(
            lambda notice: on_notice(notice.message_primary or "")
        )
    return Client(connection)


class Client:
    """A connection to a database with stopgap; close it, or use it in `with`."""

    def __init__(self, connection: psycopg.Connection[tuple[Any, ...]]) -> None:
        self._connection = connection

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def deploy(
        self,
        env: str,
        *,
        from_schema: str,
        label: str | None = None,
        prune: bool | None = None,
    ) -> Deployed:
        """Deploy the functions of a schema; `prune` None leaves it to the setting.

        Raises CompileError, with all diagnostics, where the TypeScript is wrong.
        """
        options = {} if prune is None else {"prune": prune}
        try:
            deployment_id = self._change(
                "select stopgap.deploy(%s, %s, %s, %s)",
                [env, from_schema, label, Jsonb(options)],
            )
        except CompileError as error:
            raise self._with_source_lines(error, from_schema) from error.__cause__
        deployment = self.deployment(env, deployment_id)
        return Deployed(
            env=env,
            from_schema=from_schema,
            deployment_id=deployment_id,
            prune=deployment.prune,
            deployment=deployment,
        )

    def rollback(
        self, env: str, *, steps: int = 1, to_id: int | None = None
    ) -> RolledBack:
        """Go back by steps, or to a deployment, and return what is active then."""
        deployment_id = self._change(
            "select stopgap.rollback(%s, %s, %s)", [env, steps, to_id]
        )
        return RolledBack(
            env=env, steps=steps, to_id=to_id, deployment_id=deployment_id
        )

    def status(self, env: str) -> Status | None:
        """Return what the environment runs; None for an unknown environment."""
        answer = self._ask("select stopgap.status(%s)", [env])
        return None if answer is None else Status.from_json(answer)

    def deployments(
        self,
        env: str,
        *,
        max_count: int | None = None,
        before_id: int | None = None,
        with_functions: bool = True,
    ) -> tuple[Deployment, ...]:
        """Return the history, newest first, empty for an unknown environment."""
        answer = self._ask(
            "select stopgap.deployments(%s, %s, %s, %s)",
            [env, max_count, before_id, with_functions],
        )
        if not isinstance(answer, list):
            raise UndecodableAnswer(f"expected a list, got {answer!r:.60}")
        return tuple(map(Deployment.from_json, answer))

    def history(self, env: str, *, with_functions: bool = True) -> Iterator[Deployment]:
        """Yield the whole history, newest first, in pages that one answer can hold."""
        before_id: int | None = None
        count = _PAGE
        while True:
            try:
                page = self.deployments(
                    env,
                    max_count=count,
                    before_id=before_id,
                    with_functions=with_functions,
                )
            except DatabaseError as error:
                if error.sqlstate != _RESULT_TOO_LARGE or count == 1:
                    raise
                count = count // 10 or 1
                continue
            yield from page
            if len(page) < count:
                return
            before_id = page[-1].id

    def deployment(self, env: str, deployment_id: int) -> Deployment:
        """Return one deployment of the environment."""
        found = self.deployments(env, max_count=1, before_id=deployment_id + 1)
        if not found or found[0].id != deployment_id:
            raise UndecodableAnswer(
                f"environment {env} does not list its deployment {deployment_id}"
            )
        return found[0]

    def diff(self, env: str, *, from_schema: str) -> Diff:
        """Compare the active deployment with a schema; nothing is written."""
        return Diff.from_json(
            self._ask("select stopgap.diff(%s, %s)", [env, from_schema])
        )

    def metrics(self) -> Json:
        """Return the counters of this session."""
        answer = self._ask("select stopgap.metrics()", [])
        if not isinstance(answer, dict):
            raise UndecodableAnswer(f"expected an object, got {answer!r:.60}")
        return answer

    def version(self) -> str:
        """Return the version of the extension in the database."""
        return str(self._ask("select stopgap.version()", []))

    def artifact_sources(self, hashes: Iterable[str]) -> dict[str, str]:
        """Return the TypeScript of those of the artifacts that are stored."""
        query = _query("artifact_sources")
        rows = self._rows(query, {"hashes": list(hashes)})
        return {hash_: source for hash_, source in rows if source is not None}

    def function_sources(self, schema: str) -> dict[str, str]:
        """Return the TypeScript of a schema's functions, as their authors wrote it."""
        return dict(self._rows(_query("function_sources"), {"schema": schema}))

    def _with_source_lines(self, error: CompileError, schema: str) -> CompileError:
        """Add to each diagnostic the line that it is about."""
        try:
            sources = self.function_sources(schema)
        except StopgapError:
            return error
        error.diagnostics = tuple(
            replace(each, source_line=_line(sources.get(each.fn_name), each.line))
            for each in error.diagnostics
        )
        return error

    def _change(self, statement: str, parameters: list[Any]) -> int:
        """Run a function that changes an environment, and return its deployment id.

        A GRANT at the same moment makes the engine give up; nothing has changed then,
        and another attempt is in order.
        """
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                answer = self._transact(statement, parameters)
                break
            except DatabaseError as error:
                if error.sqlstate != _CONCURRENT_CHANGE or attempt == _ATTEMPTS:
                    raise
        if not isinstance(answer, int):
            raise UndecodableAnswer(f"expected a deployment id, got {answer!r:.60}")
        return answer

    def _transact(self, statement: str, parameters: list[Any]) -> object:
        """Run a statement in a transaction; tell a COMMIT that broke from an error."""
        is_committing = False
        try:
            with self._translated_errors(), self._connection.transaction():
                row = self._connection.execute(
                    statement.encode(), parameters
                ).fetchone()
                is_committing = True
        except StopgapError as error:
            if is_committing and self._connection.closed:
                raise OutcomeUnknown(
                    f"the connection broke during COMMIT: {error}",
                    hint="look at `stopgap status` before trying again",
                ) from error
            raise
        return row[0] if row else None

    def _ask(self, statement: str, parameters: _Parameters) -> object:
        rows = self._rows(statement, parameters)
        return rows[0][0] if rows else None

    def _rows(self, statement: str, parameters: _Parameters) -> list[tuple[Any, ...]]:
        with self._translated_errors():
            return self._connection.execute(statement.encode(), parameters).fetchall()

    @contextmanager
    def _translated_errors(self) -> Iterator[None]:
        try:
            yield
        except psycopg.Error as error:
            if self._connection.closed:
                raise ConnectionFailed(
                    f"the connection broke: {_one_line(error)}"
                ) from error
            if error.sqlstate in _MISSING and not self._has_extension():
                raise NotInitialized(
                    hint="as a superuser run: create extension stopgap cascade"
                ) from error
            raise refusal(error) from error

    def _has_extension(self) -> bool:
        found = self._connection.execute(
            "select 1 from pg_catalog.pg_extension where extname = 'stopgap'"
        )
        return found.fetchone() is not None


def _query(name: str) -> str:
    return (resources.files("stopgap") / "queries" / f"{name}.sql").read_text()


def _line(source: str | None, number: int) -> str | None:
    lines = source.splitlines() if source is not None else []
    return lines[number - 1] if 0 < number <= len(lines) else None


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
