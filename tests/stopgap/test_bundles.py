"""Bundles: a deployment carried to another database, and what is refused on the way."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from stopgap.engine.canonical import digest
from tests.fixtures.cluster import Connect, RunningCluster
from tests.stopgap.roles import DEPLOYER
from tests.stopgap.schema import (
    Connection,
    bodies,
    deploy,
    rows,
    status,
    statuses,
    value,
    write,
)

Bundle = dict[str, Any]
QUERY = """import { query } from "@stopgap/runtime";
export default query(() => "q");"""


@pytest.fixture
def source(connection: Connection) -> Connection:
    """A database with a deployment of two functions."""
    write(
        connection,
        "f",
        "export default (ctx: Ctx<{ a: number }>) => ctx.args.a + 1;",
        attributes="stable strict cost 0.5 set search_path = shop, public",
    )
    connection.execute("comment on function shop.f(jsonb) is 'adds ''one'''")
    write(connection, "Größe q", QUERY)
    deploy(connection, label="v1", options='{"provenance": {"git_commit": "abc"}}')
    return connection


@pytest.fixture
def target(cluster: RunningCluster) -> Iterator[Connection]:
    """Another database."""
    name = cluster.clone()
    with cluster.connect(name) as connection:
        yield connection
    cluster.drop(name)


def export(connection: Connection, arguments: str = "'prod'") -> Bundle:
    return dict(value(connection, f"select stopgap.export_deployment({arguments})"))


def import_(
    connection: Connection, bundle: object, env: str = "prod", **options: object
) -> int:
    return int(
        value(
            connection,
            "select stopgap.import_deployment(%s, %s, %s)",
            env,
            Jsonb(bundle),
            Jsonb(options),
        )
    )


def resealed(bundle: Bundle) -> Bundle:
    """Return a bundle with a digest that fits what somebody made of it."""
    covered = {key: bundle[key] for key in bundle.keys() - {"digest", "signature"}}
    return {**covered, "digest": digest(covered)}


def test_a_deployment_comes_out_the_same(
    source: Connection, target: Connection
) -> None:
    made = import_(target, export(source))

    columns = "fn_name, fn_schema, kind, artifact_hash, pointer, attributes"
    query = f"select {columns} from stopgap.fn_version order by 1"
    assert rows(target, query) == rows(source, query)
    assert bodies(target) == bodies(source)
    assert value(target, """select live_deployment.f('{"a": 1}')""") == 2
    assert value(target, """select live_deployment."Größe q"('{}')""") == "q"
    assert statuses(target) == {made: "active"}
    assert status(target)["drift"]["has_drift"] is False


def test_it_says_where_it_comes_from(source: Connection, target: Connection) -> None:
    bundle = export(source)

    import_(target, bundle)

    active = status(target)["active_deployment"]
    assert active["label"] == "v1"
    assert active["source_schema"] == "shop"
    assert active["provenance"] == {
        "git_commit": "abc",
        "bundle": {
            "env": "prod",
            "deployment_id": 1,
            "digest": bundle["digest"],
            "differences": [],
        },
    }
    assert rows(target, "select action from stopgap.activation_log") == [("import",)]


def test_an_earlier_deployment_can_be_named(
    source: Connection, target: Connection
) -> None:
    write(source, "f", 2)
    deploy(source)

    import_(target, export(source, "'prod', 1"))

    assert value(target, """select live_deployment.f('{"a": 1}')""") == 2


def test_what_an_artifact_imports_is_carried(
    source: Connection, target: Connection
) -> None:
    inner = value(source, "select plts.compile_and_store('export const one = 1;')")
    write(
        source,
        "f",
        f"""import {{ one }} from "plts+artifact:{inner}"; export default () => one;""",
    )
    deploy(source)

    import_(target, export(source))

    assert value(target, "select live_deployment.f('{}')") == 1


def test_an_import_can_wait_to_be_activated(
    source: Connection, target: Connection
) -> None:
    made = import_(target, export(source), activate=False)

    assert statuses(target) == {made: "sealed"}
    assert bodies(target) == {}
    value(target, "select stopgap.activate('prod', %s)", made)
    assert bodies(target) == bodies(source)


def test_an_import_of_what_runs_is_nothing_to_do(
    source: Connection, target: Connection
) -> None:
    bundle = export(source)
    first = import_(target, bundle)

    assert import_(target, bundle, if_changed=True) == first


def test_javascript_in_a_bundle_is_never_run(
    source: Connection, target: Connection
) -> None:
    bundle = export(source)
    for artifact in bundle["artifacts"]:
        artifact["compiled_js"] = 'export default () => "planted";'
        artifact["compiled_sha256"] = value(
            target,
            "select 'sha256:' || encode(sha256(convert_to(%s, 'UTF8')), 'hex')",
            artifact["compiled_js"],
        )
    said: list[str] = []
    target.add_notice_handler(lambda notice: said.append(notice.message_primary or ""))

    import_(target, resealed(bundle))

    assert value(target, """select live_deployment.f('{"a": 1}')""") == 2
    differences = status(target)["active_deployment"]["provenance"]["bundle"][
        "differences"
    ]
    assert sorted(each["functions"][0] for each in differences) == ["Größe q", "f"]
    assert {each["what"] for each in differences} == {"javascript"}
    assert len([each for each in said if "differs from the bundle's" in each]) == 2


def test_the_kind_is_what_the_compiler_here_says(
    source: Connection, target: Connection
) -> None:
    bundle = export(source)
    for function in bundle["functions"]:
        function["kind"] = "query"

    import_(target, resealed(bundle))

    kinds = rows(target, "select fn_name, kind from stopgap.fn_version order by 1")
    assert kinds == [("Größe q", "query"), ("f", "mutation")]


def test_sources_that_do_not_compile_are_told_as_in_a_deploy(
    source: Connection, target: Connection
) -> None:
    bundle = export(source)
    artifact = next(a for a in bundle["artifacts"] if "ctx.args.a" in a["source_ts"])
    old = artifact["artifact_hash"]
    artifact["source_ts"] = "export default (): number => 'text';"
    new = value(target, "select plts.artifact_hash(%s)", artifact["source_ts"])
    text = json.dumps(bundle).replace(old, new)

    with pytest.raises(psycopg.Error) as error:
        import_(target, resealed(json.loads(text)))

    assert error.value.sqlstate == "SG108"
    assert (error.value.diag.message_detail or "").startswith("f:1:30: TS2322: ")
    assert statuses(target) == {}


def changed(path: str, to: object) -> Callable[[Bundle], object]:
    """Return a change of one member of a bundle, its digest made anew."""

    def change(bundle: Bundle) -> object:
        keys = [int(key) if key.isdigit() else key for key in path.split(".")]
        inner: Any = bundle
        for key in keys[:-1]:
            inner = inner[key]
        inner[keys[-1]] = to
        return resealed(bundle)

    return change


def without(path: str) -> Callable[[Bundle], object]:
    def change(bundle: Bundle) -> object:
        *keys, last = path.split(".")
        inner: Any = bundle
        for key in keys:
            inner = inner[int(key) if key.isdigit() else key]
        del inner[int(last) if last.isdigit() else last]
        return resealed(bundle)

    return change


def unsealed(bundle: Bundle) -> object:
    bundle["deployment"]["label"] = "another"
    return bundle


@pytest.mark.parametrize(
    ("change", "sqlstate", "told"),
    [
        (lambda bundle: None, "SG122", "no bundle"),
        (lambda bundle: [bundle], "SG122", "no bundle"),
        (lambda bundle: {}, "SG122", "no bundle"),
        (unsealed, "SG124", "do not match its digest"),
        (changed("version", 2), "SG123", "version 2, not 1"),
        (changed("version", "1"), "SG123", 'version "1"'),
        (changed("deployment.id", "1"), "SG122", "bundle.deployment.id is not"),
        (changed("functions.0.fn_name", ""), "SG122", r"functions\[0\].fn_name"),
        (changed("functions.0.fn_name", "x" * 64), "SG122", r"functions\[0\].fn_name"),
        (changed("functions.0.kind", "job"), "SG122", "one of query, mutation"),
        (
            changed("functions.0.attributes.volatility", "stable security definer"),
            "SG122",
            "one of",
        ),
        (changed("functions.0.attributes.parallel", "x"), "SG122", "one of"),
        (changed("functions.0.attributes.cost", "0"), "SG122", "positive number"),
        (changed("functions.0.attributes.cost", "NaN"), "SG122", "positive number"),
        (changed("functions.0.attributes.set", ["x"]), "SG122", "name=value"),
        (changed("functions.0.attributes.strict", "yes"), "SG122", "true or false"),
        (changed("functions.0.pointer.mode", "x"), "SG122", "a pointer"),
        (changed("functions.0.pointer.more", "x"), "SG122", "a pointer"),
        (without("artifacts.0"), "SG122", "lacks 1 artifact"),
        (changed("artifacts.0.source_ts", "export {}"), "SG124", "its hash says"),
        (changed("artifacts.0.compiled_js", "export {}"), "SG124", "its hash says"),
        (changed("deployment.provenance", {"x": 1}), "SG120", "must be a string"),
        (changed("functions.0", 7), "SG122", r"functions\[0\] is not an object"),
        (without("artifacts"), "SG122", "bundle.artifacts is not a list"),
    ],
)
def test_what_is_no_whole_bundle_is_refused(
    source: Connection,
    target: Connection,
    change: Callable[[Bundle], object],
    sqlstate: str,
    told: str,
) -> None:
    bundle = export(source)

    with pytest.raises(psycopg.Error, match=told) as error:
        import_(target, change(bundle) if change is not None else None)

    assert error.value.sqlstate == sqlstate
    assert status(target) is None


def test_a_bundle_that_nests_too_deep_is_refused(target: Connection) -> None:
    deep = "[" * 1500 + "]" * 1500

    with pytest.raises(psycopg.Error, match="cannot be read") as error:
        value(
            target,
            "select stopgap.import_deployment('prod', %s)",
            f'{{"format": "stopgap.bundle", "version": 1, "x": {deep}}}',
        )

    assert error.value.sqlstate == "SG122"


def test_settings_that_the_owner_may_not_set_are_refused(
    source: Connection, target: Connection
) -> None:
    bundle = export(source)
    bundle["functions"][0]["attributes"]["set"] = ["log_statement=none"]

    with pytest.raises(psycopg.Error, match="log_statement") as error:
        import_(target, resealed(bundle))

    assert error.value.sqlstate == "SG005"


@pytest.mark.usefixtures("roles")
def test_a_deployer_needs_the_source_schema_to_export(
    source: Connection, target: Connection, connect: Connect
) -> None:
    deployer = connect(role=DEPLOYER)

    with pytest.raises(psycopg.Error, match="lacks USAGE") as error:
        export(deployer)
    assert error.value.sqlstate == "SG002"

    source.execute(f'grant usage on schema shop to "{DEPLOYER}"'.encode())
    assert export(deployer) == export(source)


def test_what_has_no_functions_cannot_be_exported(source: Connection) -> None:
    value(source, """select stopgap.record_failure('prod', 's', '{"message": ""}')""")

    for arguments, sqlstate in (
        ("'prod', 2", "SG205"),
        ("'prod', 99", "SG205"),
        ("'nowhere'", "SG202"),
    ):
        with pytest.raises(psycopg.Error) as error:
            export(source, arguments)
        assert error.value.sqlstate == sqlstate
