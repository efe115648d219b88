"""The client's questions: what runs, what was, what would be; nothing is written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from importlib import resources

from stopgap.engine.diagnostics import author_text
from stopgap.engine.errors import UnknownEnvironment
from stopgap.errors import DatabaseError, StopgapError, UndecodableAnswer
from stopgap.plans import Plan
from stopgap.results import Deployment, Diagnostic, Diff, Json, Status, as_object
from stopgap.transport import Parameters, Transport, jsonb

# A SQLSTATE of the engine, see docs/reference/sql.md.
_RESULT_TOO_LARGE = "SG109"
_PAGE = 200


class Reader:
    """What can be asked over a connection."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def status(self, env: str) -> Status | None:
        """Return what the environment runs; None for an unknown environment."""
        answer = self._transport.ask("select stopgap.status(%s)", [env])
        return None if answer is None else Status.from_json(answer)

    def known_status(self, env: str) -> Status:
        """Return what the environment runs; refuse one that is unknown."""
        found = self.status(env)
        if found is None:
            raise DatabaseError(
                f'environment "{env}" does not exist',
                sqlstate=UnknownEnvironment.sqlstate,
                hint="the first deploy to an environment creates it",
            )
        return found

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
            "select stopgap.deployments(%s, %s::int, %s::bigint, %s)",
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

    def deployment(
        self, env: str, deployment_id: int, *, with_functions: bool = True
    ) -> Deployment:
        """Return one deployment of the environment."""
        found = self.deployments(
            env,
            max_count=1,
            before_id=deployment_id + 1,
            with_functions=with_functions,
        )
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
                "select stopgap.diff(%s, %s, %s)", [env, from_schema, jsonb(options)]
            )
        )

    def metrics(self) -> Json:
        """Return the counters of this session."""
        return self._object("select stopgap.metrics()")

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

    def plan(
        self,
        env: str,
        *,
        from_schema: str,
        prune: bool | None = None,
        allow_empty: bool = False,
    ) -> Plan:
        """Return what a deploy would do; nothing is written."""
        options = {"prune": prune, "allow_empty": allow_empty}
        plan = self._plan(env, from_schema, options)
        if not plan.diagnostics:
            return plan
        return replace(
            plan, diagnostics=self._with_lines(plan.diagnostics, from_schema)
        )

    def plan_promotion(
        self,
        from_env: str,
        to_env: str,
        *,
        prune: bool | None = None,
        allow_empty: bool = False,
    ) -> Plan:
        """Return what a promotion would do; nothing is written."""
        options = {"promote": from_env, "prune": prune, "allow_empty": allow_empty}
        return self._plan(to_env, None, options)

    def plan_import(
        self,
        env: str,
        bundle: Json,
        *,
        prune: bool | None = None,
        allow_empty: bool = False,
    ) -> Plan:
        """Return what the import of a bundle would do; nothing is written."""
        options = {"import": bundle, "prune": prune, "allow_empty": allow_empty}
        return self._plan(env, None, options)

    def plan_rollback(
        self,
        env: str,
        *,
        steps: int = 1,
        to_id: int | None = None,
        to_label: str | None = None,
        allow_empty: bool = False,
    ) -> Plan:
        """Return what a rollback would do; nothing is written."""
        target = {"steps": steps, "to_id": to_id, "to_label": to_label}
        options = {"rollback": target, "allow_empty": allow_empty}
        return self._plan(env, None, options)

    def plan_activation(
        self, env: str, deployment_id: int, *, allow_empty: bool = False
    ) -> Plan:
        """Return what an activation would do; nothing is written."""
        options = {"activate": deployment_id, "allow_empty": allow_empty}
        return self._plan(env, None, options)

    def export_deployment(self, env: str, deployment_id: int | None = None) -> Json:
        """Return a deployment with its sources, for another database to import."""
        return self._object(
            "select stopgap.export_deployment(%s, %s::bigint)", [env, deployment_id]
        )

    def verify(self, *, env: str | None = None) -> Json:
        """Check the catalog and what is live; the answer lists what is wrong."""
        return self._object("select stopgap.verify(%s)", [jsonb({"env": env})])

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

    def _plan(
        self, env: str, from_schema: str | None, options: Mapping[str, object]
    ) -> Plan:
        statement = "select stopgap.plan(%s, %s, %s)"
        return Plan.from_json(
            self._transport.ask(statement, [env, from_schema, jsonb(options)])
        )

    def _object(self, statement: str, parameters: Parameters = ()) -> Json:
        return as_object(self._transport.ask(statement, parameters))

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


def _query(name: str) -> str:
    return (resources.files("stopgap") / "queries" / f"{name}.sql").read_text()


def _line(source: str | None, number: int) -> str | None:
    lines = source.splitlines() if source is not None else []
    return lines[number - 1] if 0 < number <= len(lines) else None
