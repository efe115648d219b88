"""The client: stopgap's SQL functions as methods, its answers as typed values.

with stopgap.connect("dbname=shop") as client:
    client.deploy("prod", from_schema="shop", label="first")
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from importlib import resources
from types import TracebackType
from typing import Any, Self

import psycopg
from psycopg.types.json import Jsonb

from stopgap.engine.diagnostics import author_text
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
from stopgap.plans import Plan, Repaired
from stopgap.refusal import refusal
from stopgap.results import (
    Activated,
    Deployed,
    Deployment,
    Diagnostic,
    Diff,
    Json,
    Outcome,
    RolledBack,
    Status,
)

# SQLSTATEs of the engine, see docs/reference/sql.md.
_RESULT_TOO_LARGE = "SG109"
_CONCURRENT_CHANGE = "SG208"
# What PostgreSQL says where there is no schema stopgap, or not this function in it.
_MISSING = ("3F000", "42883")
_ATTEMPTS = 3
_OUTCOME = "select pg_catalog.current_setting('stopgap.outcome', true)"
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
        activate: bool = True,
        if_changed: bool = False,
    ) -> Deployed:
        """Deploy the functions of a schema; `prune` None leaves it to the setting.

        Without `activate` the deployment is sealed, for `activate()`. With `if_changed`
        none is made where nothing changed: the answer is then the active one.
        Raises CompileError, with all diagnostics, where the TypeScript is wrong.
        """
        options = {"prune": prune, "activate": activate, "if_changed": if_changed}
        try:
            outcome = self._change(
                "select stopgap.deploy(%s, %s, %s, %s)",
                [env, from_schema, label, Jsonb(options)],
            )
        except CompileError as error:
            raise self._with_source_lines(error, from_schema) from error.__cause__
        deployment = self.deployment(env, outcome.deployment_id)
        return Deployed(
            env=env,
            from_schema=from_schema,
            deployment_id=outcome.deployment_id,
            prune=deployment.prune,
            deployment=deployment,
            outcome=outcome,
        )

    def rollback(
        self,
        env: str,
        *,
        steps: int = 1,
        to_id: int | None = None,
        to_label: str | None = None,
    ) -> RolledBack:
        """Go back by steps, or to a deployment, and return what is active then."""
        outcome = self._change(
            "select stopgap.rollback(%s, %s, %s, %s)",
            [env, steps, to_id, Jsonb({"to_label": to_label})],
        )
        return RolledBack(
            env=env,
            steps=steps,
            to_id=to_id,
            to_label=to_label,
            deployment_id=outcome.deployment_id,
            outcome=outcome,
        )

    def activate(self, env: str, deployment_id: int) -> Activated:
        """Activate a deployment that is sealed, or was active before."""
        outcome = self._change("select stopgap.activate(%s, %s)", [env, deployment_id])
        return Activated(env=env, deployment_id=deployment_id, outcome=outcome)

    def repair(self, env: str, *, dry_run: bool = False) -> Repaired:
        """Make the live schema again what the active deployment says."""
        answer, _ = self._retried(
            "select stopgap.repair(%s, %s)", [env, Jsonb({"dry_run": dry_run})]
        )
        return Repaired.from_json(answer)

    def plan(self, env: str, *, from_schema: str, prune: bool | None = None) -> Plan:
        """Return what a deploy would do; nothing is written."""
        plan = self._plan(env, from_schema, {"prune": prune})
        if not plan.diagnostics:
            return plan
        return replace(
            plan, diagnostics=self._with_lines(plan.diagnostics, from_schema)
        )

    def plan_rollback(
        self,
        env: str,
        *,
        steps: int = 1,
        to_id: int | None = None,
        to_label: str | None = None,
    ) -> Plan:
        """Return what a rollback would do; nothing is written."""
        target = {"steps": steps, "to_id": to_id, "to_label": to_label}
        return self._plan(env, None, {"rollback": target})

    def plan_activation(self, env: str, deployment_id: int) -> Plan:
        """Return what an activation would do; nothing is written."""
        return self._plan(env, None, {"activate": deployment_id})

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

    def diff(
        self,
        env: str,
        *,
        from_schema: str | None = None,
        deployment: int | None = None,
        against: int | None = None,
        against_env: str | None = None,
    ) -> Diff:
        """Compare a schema, a deployment or what the environment runs; none is written.

        It is compared with the deployment `against`, with what `against_env` runs, or
        else with what the environment itself runs.
        """
        options = {
            "deployment": deployment,
            "against": against,
            "against_env": against_env,
        }
        return Diff.from_json(
            self._ask(
                "select stopgap.diff(%s, %s, %s)", [env, from_schema, Jsonb(options)]
            )
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
        """Return the TypeScript, as it was written, of artifacts that are stored."""
        query = _query("artifact_sources")
        rows = self._rows(query, {"hashes": list(hashes)})
        return {
            hash_: author_text(source) for hash_, source in rows if source is not None
        }

    def function_sources(self, schema: str) -> dict[str, str]:
        """Return the TypeScript of a schema's functions, as their authors wrote it."""
        return dict(self._rows(_query("function_sources"), {"schema": schema}))

    def _plan(
        self, env: str, from_schema: str | None, options: Mapping[str, object]
    ) -> Plan:
        statement = "select stopgap.plan(%s, %s, %s)"
        return Plan.from_json(self._ask(statement, [env, from_schema, Jsonb(options)]))

    def _with_source_lines(self, error: CompileError, schema: str) -> CompileError:
        """Add to each diagnostic the line that it is about."""
        error.diagnostics = self._with_lines(error.diagnostics, schema)
        return error

    def _with_lines(
        self, diagnostics: tuple[Diagnostic, ...], schema: str
    ) -> tuple[Diagnostic, ...]:
        try:
            sources = self.function_sources(schema)
        except StopgapError:
            return diagnostics
        return tuple(
            replace(each, source_line=_line(sources.get(each.fn_name), each.line))
            for each in diagnostics
        )

    def _change(self, statement: str, parameters: list[Any]) -> Outcome:
        """Run a function that changes an environment, and return what it did."""
        answer, told = self._retried(statement, parameters)
        outcome = Outcome.from_json(_decoded(told))
        if answer != outcome.deployment_id:
            raise UndecodableAnswer(f"expected a deployment id, got {answer!r:.60}")
        return outcome

    def _retried(
        self, statement: str, parameters: list[Any]
    ) -> tuple[object, str | None]:
        """Run a function that changes live functions.

        A GRANT at the same moment makes the engine give up; nothing has changed then,
        and another attempt is in order.
        """
        for _ in range(_ATTEMPTS - 1):
            try:
                return self._transact(statement, parameters)
            except DatabaseError as error:
                if error.sqlstate != _CONCURRENT_CHANGE:
                    raise
        return self._transact(statement, parameters)

    def _transact(
        self, statement: str, parameters: list[Any]
    ) -> tuple[object, str | None]:
        """Run a statement in a transaction; return its answer, and its outcome.

        Tells a COMMIT that broke from an error.
        """
        is_committing = False
        try:
            with self._translated_errors(), self._connection.transaction():
                row = self._connection.execute(
                    statement.encode(), parameters
                ).fetchone()
                told = self._connection.execute(_OUTCOME).fetchone()
                is_committing = True
        except StopgapError as error:
            if is_committing and self._connection.closed:
                raise OutcomeUnknown(
                    f"the connection broke during COMMIT: {error}",
                    hint="look at `stopgap status` before trying again",
                ) from error
            raise
        return row[0] if row else None, told[0] if told else None

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


def _decoded(text: str | None) -> object:
    try:
        return json.loads(text or "")
    except ValueError:
        raise UndecodableAnswer(f"expected an outcome, got {text!r:.60}") from None


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
