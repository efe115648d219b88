"""The client: stopgap's SQL functions as methods, its answers as typed values.

with stopgap.connect("dbname=shop") as client:
    client.deploy("prod", from_schema="shop", label="first")
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
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
    StopgapError,
    UndecodableAnswer,
)
from stopgap.failures import failure_record
from stopgap.plans import Plan, Repaired
from stopgap.results import (
    Activated,
    Deployed,
    Deployment,
    Diagnostic,
    Diff,
    Json,
    Made,
    RolledBack,
    Status,
)
from stopgap.smoke import Smoke
from stopgap.transport import Transport, open_connection

# A SQLSTATE of the engine, see docs/reference/sql.md.
_RESULT_TOO_LARGE = "SG109"
_PAGE = 200


def connect(dsn: str, *, on_notice: Callable[[str], None] | None = None) -> Client:
    """Connect to a database with stopgap; `on_notice` gets what the server remarks."""
    connection = open_connection(dsn, on_notice)
    return Client(connection, reconnect=lambda: open_connection(dsn, on_notice))


class Client:
    """A connection to a database with stopgap; close it, or use it in `with`."""

    def __init__(
        self,
        connection: psycopg.Connection[tuple[Any, ...]],
        *,
        reconnect: Callable[[], psycopg.Connection[tuple[Any, ...]]] | None = None,
    ) -> None:
        self._transport = Transport(reconnect or _no_reconnect, connection)

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
        self._transport.connection.close()

    def deploy(
        self,
        env: str,
        *,
        from_schema: str,
        label: str | None = None,
        prune: bool | None = None,
        activate: bool = True,
        if_changed: bool = False,
        provenance: Mapping[str, object] | None = None,
        smoke: Smoke | None = None,
    ) -> Deployed:
        """Deploy the functions of a schema; `prune` None leaves it to the setting.

        Without `activate` the deployment is sealed, for `activate()`. With `if_changed`
        none is made where nothing changed: the answer is then the active one.
        `smoke` is run before the deploy is committed, and undoes it when it fails.
        Raises CompileError, with all diagnostics, where the TypeScript is wrong.
        """
        token = _token()
        options = {
            "prune": prune,
            "activate": activate,
            "if_changed": if_changed,
            "provenance": provenance,
            "token": token,
        }
        try:
            outcome = self._transport.make(
                env,
                token,
                "select stopgap.deploy(%s, %s, %s, %s)",
                [env, from_schema, label, Jsonb(options)],
                inspect=None if smoke is None else smoke.inspector(env),
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

    def promote(
        self,
        from_env: str,
        to_env: str,
        *,
        label: str | None = None,
        prune: bool | None = None,
        if_changed: bool = False,
        provenance: Mapping[str, object] | None = None,
    ) -> Made:
        """Deploy to an environment the artifacts that another one runs."""
        token = _token()
        options = {
            "label": label,
            "prune": prune,
            "if_changed": if_changed,
            "provenance": provenance,
            "token": token,
        }
        outcome = self._transport.make(
            to_env,
            token,
            "select stopgap.promote(%s, %s, %s)",
            [from_env, to_env, Jsonb(options)],
        )
        return Made(to_env, self.deployment(to_env, outcome.deployment_id), outcome)

    def export_deployment(self, env: str, deployment_id: int | None = None) -> Json:
        """Return a deployment with its sources, for another database to import."""
        return self._object(
            "select stopgap.export_deployment(%s, %s)", [env, deployment_id]
        )

    def import_deployment(
        self,
        env: str,
        bundle: Json,
        *,
        label: str | None = None,
        prune: bool | None = None,
        activate: bool = True,
        if_changed: bool = False,
        provenance: Mapping[str, object] | None = None,
    ) -> Made:
        """Deploy what a bundle holds, compiled anew."""
        token = _token()
        options = {
            "label": label,
            "prune": prune,
            "activate": activate,
            "if_changed": if_changed,
            "provenance": provenance,
            "token": token,
        }
        outcome = self._transport.make(
            env,
            token,
            "select stopgap.import_deployment(%s, %s, %s)",
            [env, Jsonb(bundle), Jsonb(options)],
        )
        return Made(env, self.deployment(env, outcome.deployment_id), outcome)

    def record_failure(
        self,
        env: str,
        *,
        from_schema: str,
        error: StopgapError,
        label: str | None = None,
        provenance: Mapping[str, object] | None = None,
    ) -> int:
        """Record a deploy that failed, in a transaction of its own; return its id."""
        options = {"label": label, "provenance": provenance}
        return int(
            self._transport.ask(
                "select stopgap.record_failure(%s, %s, %s, %s)",
                [env, from_schema, Jsonb(failure_record(error)), Jsonb(options)],
            )
        )

    def gc(
        self,
        *,
        env: str | None = None,
        keep: int | None = None,
        older_than: str | None = None,
        keep_labelled: bool = False,
        grace: str | None = None,
        dry_run: bool = False,
    ) -> Json:
        """Remove deployments past a policy, and artifacts that nothing needs."""
        options = {
            "env": env,
            "keep": keep,
            "older_than": older_than,
            "keep_labelled": keep_labelled,
            "grace": grace,
            "dry_run": dry_run,
        }
        return self._object("select stopgap.gc(%s)", [Jsonb(options)])

    def verify(self, *, env: str | None = None) -> Json:
        """Check the catalog and what is live; the answer lists what is wrong."""
        return self._object("select stopgap.verify(%s)", [Jsonb({"env": env})])

    def after_restore(self) -> Json:
        """Give stopgap_owner back what a restore or a template left out."""
        return self._object("select stopgap.after_restore()", [])

    def audit(
        self,
        env: str | None = None,
        *,
        max_count: int | None = None,
        before_id: int | None = None,
    ) -> list[Json]:
        """Return activations, newest first, of one environment or of all."""
        parameters = {"env": env, "max_count": max_count, "before_id": before_id}
        return [row for (row,) in self._transport.rows(_query("audit"), parameters)]

    def _object(self, statement: str, parameters: list[Any]) -> Json:
        answer = self._transport.ask(statement, parameters)
        if not isinstance(answer, dict):
            raise UndecodableAnswer(f"expected an object, got {answer!r:.60}")
        return answer

    def rollback(
        self,
        env: str,
        *,
        steps: int = 1,
        to_id: int | None = None,
        to_label: str | None = None,
    ) -> RolledBack:
        """Go back by steps, or to a deployment, and return what is active then."""
        outcome = self._transport.change(
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
        outcome = self._transport.change(
            "select stopgap.activate(%s, %s)", [env, deployment_id]
        )
        return Activated(env=env, deployment_id=deployment_id, outcome=outcome)

    def repair(self, env: str, *, dry_run: bool = False) -> Repaired:
        """Make the live schema again what the active deployment says."""
        answer, _ = self._transport.retried(
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
        answer = self._transport.ask("select stopgap.status(%s)", [env])
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
        answer = self._transport.ask(
            "select stopgap.deployments(%s, %s, %s, %s)",
            [env, max_count, before_id, with_functions],
        )
        if not isinstance(answer, list):
            raise UndecodableAnswer(f"expected a list, got {answer!r:.60}")
        return tuple(map(Deployment.from_json, answer))

    def history(
        self, env: str, *, before_id: int | None = None, with_functions: bool = True
    ) -> Iterator[Deployment]:
        """Yield the whole history, newest first, in pages that one answer can hold."""
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
            self._transport.ask(
                "select stopgap.diff(%s, %s, %s)", [env, from_schema, Jsonb(options)]
            )
        )

    def metrics(self) -> Json:
        """Return the counters of this session."""
        answer = self._transport.ask("select stopgap.metrics()", [])
        if not isinstance(answer, dict):
            raise UndecodableAnswer(f"expected an object, got {answer!r:.60}")
        return answer

    def version(self) -> str:
        """Return the version of the extension in the database."""
        return str(self._transport.ask("select stopgap.version()", []))

    def artifact_sources(self, hashes: Iterable[str]) -> dict[str, str]:
        """Return the TypeScript, as it was written, of artifacts that are stored."""
        query = _query("artifact_sources")
        rows = self._transport.rows(query, {"hashes": list(hashes)})
        return {
            hash_: author_text(source) for hash_, source in rows if source is not None
        }

    def function_sources(self, schema: str) -> dict[str, str]:
        """Return the TypeScript of a schema's functions, as their authors wrote it."""
        return dict(
            self._transport.rows(_query("function_sources"), {"schema": schema})
        )

    def _plan(
        self, env: str, from_schema: str | None, options: Mapping[str, object]
    ) -> Plan:
        statement = "select stopgap.plan(%s, %s, %s)"
        return Plan.from_json(
            self._transport.ask(statement, [env, from_schema, Jsonb(options)])
        )

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


def _token() -> str:
    """Return what finds a deployment whose answer gets lost."""
    return str(uuid.uuid4())


def _query(name: str) -> str:
    return (resources.files("stopgap") / "queries" / f"{name}.sql").read_text()


def _line(source: str | None, number: int) -> str | None:
    lines = source.splitlines() if source is not None else []
    return lines[number - 1] if 0 < number <= len(lines) else None


def _no_reconnect() -> psycopg.Connection[tuple[Any, ...]]:
    raise ConnectionFailed("this client does not know how to connect again")
