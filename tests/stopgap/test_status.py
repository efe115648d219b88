"""stopgap.status: what an environment runs, and its drift."""

from __future__ import annotations

from tests.stopgap.schema import Connection, deploy, status, value, write


def test_an_unknown_environment_has_no_status(connection: Connection) -> None:
    assert status(connection) is None


def test_a_status_has_the_keys_of_the_design(connection: Connection) -> None:
    write(connection, "f")
    deployment = deploy(connection, label="v1")

    found = status(connection)

    assert found.keys() == {
        "env",
        "live_schema",
        "active_deployment_id",
        "updated_at",
        "active_deployment",
        "retained",
        "drift",
    }
    active = found["active_deployment"]
    assert active.keys() == {
        "id",
        "label",
        "status",
        "created_at",
        "created_by",
        "created_as",
        "provenance",
        "source_schema",
        "manifest",
    }
    assert (active["id"], active["label"], active["status"]) == (
        deployment,
        "v1",
        "active",
    )
    assert value(
        connection,
        "select created_at = %s::timestamptz from stopgap.deployment",
        active["created_at"],
    )


def test_functions_are_in_the_order_of_their_names(connection: Connection) -> None:
    for name in ("b", "Z", "é", "a_b", "aa"):
        write(connection, name)
    deploy(connection)
    # The server would find them so by itself, by an index or as they were written.
    connection.execute("set enable_indexscan = off; set enable_bitmapscan = off")
    connection.execute("update stopgap.fn_version set kind = kind where fn_name = 'Z'")

    manifests = [
        status(connection)["active_deployment"]["manifest"],
        value(connection, "select stopgap.deployments('prod')")[0]["manifest"],
    ]

    for manifest in manifests:
        names = [each["fn_name"] for each in manifest["functions"]]
        assert names == ["Z", "a_b", "aa", "b", "é"]


def test_an_environment_can_have_nothing_active(connection: Connection) -> None:
    write(connection, "f")
    deploy(connection)
    connection.execute("update stopgap.deployment set status = 'superseded'")
    connection.execute("update stopgap.environment set active_deployment_id = null")

    found = status(connection)

    assert found["active_deployment"] is None
    assert found["drift"]["added"] == ["f"]


def test_drift_names_what_was_done_by_hand(connection: Connection) -> None:
    for name in ("same", "changed", "given", "dropped"):
        write(connection, name)
    deploy(connection)
    connection.execute("alter function live_deployment.changed stable")
    connection.execute("alter function live_deployment.given owner to postgres")
    connection.execute("drop function live_deployment.dropped")
    for signature in ("mine(args jsonb)", "mine(a int)"):
        connection.execute(
            f"create function live_deployment.{signature} returns jsonb"
            " language sql as $$select '1'::jsonb$$".encode()
        )

    assert status(connection)["drift"] == {
        "has_drift": True,
        "changed": ["changed", "given"],
        "dropped": ["dropped"],
        "added": ["mine", "live_deployment.mine(integer)"],
        "missing_artifacts": [],
        "live_schema": None,
        "changes": {"changed": ["attributes"], "given": ["owner"]},
    }


def test_missing_artifacts_are_listed(connection: Connection) -> None:
    write(connection, "f")
    deploy(connection)
    connection.execute("set session_replication_role = replica")
    connection.execute("delete from plts.artifact")

    assert status(connection)["drift"]["missing_artifacts"] == ["f"]


def test_what_is_retained_is_that_of_the_last_activation(
    connection: Connection,
) -> None:
    write(connection, "f")
    write(connection, "old")
    first = deploy(connection)
    connection.execute("drop function shop.old")
    second = deploy(connection)
    assert status(connection)["retained"] == [
        {"fn_name": "old", "deployment_id": first}
    ]
    deploy(connection, options='{"prune": true}')
    assert status(connection)["retained"] == []

    value(connection, "select stopgap.activate('prod', %s)", second)

    assert status(connection)["retained"] == [
        {"fn_name": "old", "deployment_id": first}
    ]


def test_retained_functions_are_no_drift(connection: Connection) -> None:
    write(connection, "f")
    write(connection, "old")
    deploy(connection)
    connection.execute("drop function shop.old")
    deploy(connection)

    assert status(connection)["drift"]["has_drift"] is False
