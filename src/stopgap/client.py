"""The client: stopgap's SQL functions as methods, its answers as typed values.

with stopgap.connect("dbname=shop") as client:
    client.deploy("prod", from_schema="shop", label="first")
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self

import psycopg

from stopgap.errors import (
    CompileError,
    ConnectionFailed,
    StopgapError,
    UndecodableAnswer,
    UsageError,
)
from stopgap.failures import failure_record
from stopgap.plans import Repaired
from stopgap.reading import Reader
from stopgap.results import (
    Activated,
    Deployed,
    Deployment,
    Json,
    Made,
    Outcome,
    RolledBack,
    as_object,
    field,
)
from stopgap.smoke import Smoke
from stopgap.transport import (
    FAILOVER_SECONDS,
    Connection,
    Inspect,
    Transport,
    jsonb,
    open_connection,
)


def connect(
    dsn: str,
    *,
    on_notice: Callable[[str], None] | None = None,
    failover_seconds: float = FAILOVER_SECONDS,
) -> Client:
    """Connect to a database with stopgap; `on_notice` gets what the server remarks.

    When a connection breaks during COMMIT, all hosts of `dsn` are asked whether it was
    done, until one answers that is the primary, or `failover_seconds` are over.
    """
    connection = open_connection(dsn, on_notice)
    return Client(
        connection,
        reconnect=lambda: open_connection(dsn, on_notice, after_loss=True),
        failover_seconds=failover_seconds,
    )


class Client(Reader):
    """A connection to a database with stopgap; close it, or use it in `with`."""

    def __init__(
        self,
        connection: psycopg.Connection[tuple[Any, ...]],
        *,
        reconnect: Callable[[], psycopg.Connection[tuple[Any, ...]]] | None = None,
        failover_seconds: float = FAILOVER_SECONDS,
    ) -> None:
        if reconnect is None:
            # There is nothing to wait for.
            reconnect, failover_seconds = _no_reconnect, 0
        super().__init__(
            Transport(reconnect, connection, failover_seconds=failover_seconds)
        )

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
        allow_empty: bool = False,
        provenance: Mapping[str, object] | None = None,
        smoke: Smoke | None = None,
    ) -> Deployed:
        """Deploy the functions of a schema; `prune` None leaves it to the setting.

        Without `activate` the deployment is sealed, for `activate()`. With `if_changed`
        none is made where nothing changed: the answer is then the active one. To deploy
        nothing, or to drop all that is live, takes `allow_empty`.
        `smoke` is run before the deploy is committed, and undoes it when it fails; it
        meets what is live, and so can say nothing of a sealed deployment.
        Raises CompileError, with all diagnostics, where the TypeScript is wrong.
        """
        _refuse_smoke_of_sealed(smoke, activate=activate)
        try:
            made = self._make(
                env,
                "select stopgap.deploy(%s, %s, %s, %s)",
                [env, from_schema, label],
                {
                    "prune": prune,
                    "activate": activate,
                    "if_changed": if_changed,
                    "allow_empty": allow_empty,
                    "provenance": provenance,
                },
                inspect=None if smoke is None else smoke.inspector(env),
            )
        except CompileError as error:
            error.diagnostics = self._with_lines(error.diagnostics, from_schema)
            raise
        return Deployed(
            env=env,
            outcome=made.outcome,
            deployment=made.deployment,
            from_schema=from_schema,
        )

    def promote(
        self,
        from_env: str,
        to_env: str,
        *,
        label: str | None = None,
        prune: bool | None = None,
        if_changed: bool = False,
        allow_empty: bool = False,
        provenance: Mapping[str, object] | None = None,
        smoke: Smoke | None = None,
    ) -> Made:
        """Deploy to an environment the artifacts that another one runs.

        `smoke` is run before that is committed, and undoes it when it fails.
        """
        return self._make(
            to_env,
            "select stopgap.promote(%s, %s, %s)",
            [from_env, to_env],
            {
                "label": label,
                "prune": prune,
                "if_changed": if_changed,
                "allow_empty": allow_empty,
                "provenance": provenance,
            },
            inspect=None if smoke is None else smoke.inspector(to_env),
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
        allow_empty: bool = False,
        provenance: Mapping[str, object] | None = None,
        smoke: Smoke | None = None,
    ) -> Made:
        """Deploy what a bundle holds, compiled anew; the options are those of a deploy.

        `smoke` is run before that is committed, and undoes it when it fails.
        """
        _refuse_smoke_of_sealed(smoke, activate=activate)
        return self._make(
            env,
            "select stopgap.import_deployment(%s, %s, %s)",
            [env, jsonb(bundle)],
            {
                "label": label,
                "prune": prune,
                "activate": activate,
                "if_changed": if_changed,
                "allow_empty": allow_empty,
                "provenance": provenance,
            },
            inspect=None if smoke is None else smoke.inspector(env),
        )

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
        made = self._transport.transact(
            "select stopgap.record_failure(%s, %s, %s, %s)",
            [env, from_schema, jsonb(failure_record(error)), jsonb(options)],
        )
        return field({"deployment_id": made}, "deployment_id", int)

    def gc(
        self,
        *,
        env: str | None = None,
        keep: int | None = None,
        older_than: str | None = None,
        keep_labelled: bool = False,
        grace: str | None = None,
        dry_run: bool = False,
        wait: bool = False,
    ) -> Json:
        """Remove deployments past a policy, and artifacts that nothing needs.

        While deployments are made it is refused, or waits for that to end.
        """
        options = {
            "env": env,
            "keep": keep,
            "older_than": older_than,
            "keep_labelled": keep_labelled,
            "grace": grace,
            "dry_run": dry_run,
            "wait": wait,
        }
        return as_object(
            self._transport.transact("select stopgap.gc(%s)", [jsonb(options)])
        )

    def after_restore(self) -> Json:
        """Give stopgap_owner back what a restore or a template left out."""
        return as_object(self._transport.transact("select stopgap.after_restore()", []))

    def rollback(
        self,
        env: str,
        *,
        steps: int = 1,
        to_id: int | None = None,
        to_label: str | None = None,
        allow_empty: bool = False,
        smoke: Smoke | None = None,
    ) -> RolledBack:
        """Go back by steps, or to a deployment, and return what is active then.

        `smoke` is run before that is committed, and undoes it when it fails.
        """
        options = {"to_label": to_label, "allow_empty": allow_empty}
        outcome = self._change(
            env,
            "select stopgap.rollback(%s, %s::int, %s::bigint, %s)",
            [env, steps, to_id, jsonb(options)],
            inspect=None if smoke is None else smoke.inspector(env),
        )
        return RolledBack(
            env=env,
            steps=steps,
            to_id=to_id,
            to_label=to_label,
            outcome=outcome,
        )

    def activate(
        self,
        env: str,
        deployment_id: int,
        *,
        allow_empty: bool = False,
        smoke: Smoke | None = None,
    ) -> Activated:
        """Activate a deployment that is sealed, or was active before.

        `smoke` is run before that is committed, and undoes it when it fails.
        """
        outcome = self._change(
            env,
            "select stopgap.activate(%s, %s::bigint, %s)",
            [env, deployment_id, jsonb({"allow_empty": allow_empty})],
            inspect=None if smoke is None else smoke.inspector(env),
        )
        return Activated(env=env, outcome=outcome)

    def smoke(self, env: str, smoke: Smoke) -> None:
        """Run smoke tests against what is live; what they do is undone."""
        self.known_status(env)
        self._transport.inspect(smoke.inspector(env))

    def repair(self, env: str, *, dry_run: bool = False) -> Repaired:
        """Make the live schema again what the active deployment says."""
        statement = "select stopgap.repair(%s, %s)"
        parameters = [env, jsonb({"dry_run": dry_run})]
        if dry_run:
            answer = self._transport.transact(statement, parameters)
        else:
            answer, _ = self._transport.change(env, statement, parameters)
        return Repaired.from_json(answer)

    def _make(
        self,
        env: str,
        statement: str,
        arguments: list[Any],
        options: Mapping[str, object],
        inspect: Inspect | None = None,
    ) -> Made:
        """Make a deployment; by a token it is found when the answer gets lost.

        What was made is read before the COMMIT: nothing can fail behind it.
        """
        token = str(uuid.uuid4())
        read: list[Deployment] = []

        def look(connection: Connection, answer: object) -> None:
            if inspect is not None:
                inspect(connection, answer)
            made = field({"deployment_id": answer}, "deployment_id", int)
            read.append(self.deployment(env, made))

        outcome = self._change(
            env,
            statement,
            [*arguments, jsonb({**options, "token": token})],
            token=token,
            inspect=look,
        )
        return Made(env=env, outcome=outcome, deployment=read[-1])

    def _change(
        self,
        env: str,
        statement: str,
        parameters: list[Any],
        *,
        token: str | None = None,
        inspect: Inspect | None = None,
    ) -> Outcome:
        """Run a function that returns the deployment that it made or activated."""
        answer, outcome = self._transport.change(
            env, statement, parameters, token=token, inspect=inspect
        )
        if answer != outcome.deployment_id:
            raise UndecodableAnswer(f"expected a deployment id, got {answer!r:.60}")
        return outcome


def _refuse_smoke_of_sealed(smoke: Smoke | None, *, activate: bool) -> None:
    if smoke is not None and not activate:
        raise UsageError(
            "smoke tests call what is live, which a sealed deployment is not",
            hint="run them with what activates it",
        )


def _no_reconnect() -> psycopg.Connection[tuple[Any, ...]]:
    raise ConnectionFailed("this client does not know how to connect again")
