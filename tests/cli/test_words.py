"""What people read: what became of live functions, where to look, what to type next."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
from collections.abc import Iterator

import pytest

from stopgap.server.cluster import wait_until
from tests.cli.conftest import PROGRAM, Run
from tests.cli.shop import Connection, deploy, shop, stopgap, write
from tests.fixtures.cluster import Connect

__all__ = ["shop", "stopgap"]

ONE = "export default () => 1;"
HOSTILE = 'x\'; drop $HOME "%s" --'


def commands(text: str) -> list[list[str]]:
    """Return the commands that an output proposes, as a shell would read them."""
    lines = [line.partition(": stopgap ") for line in text.splitlines()]
    return [shlex.split(command) for _, found, command in lines if found]


def drop(connection: Connection, name: str) -> None:
    connection.execute(f"drop function shop.{name}".encode())


def test_the_commands_proposed_work_for_an_environment_of_any_name(
    shop: Connection, stopgap: Run
) -> None:
    first = stopgap("deploy", "--from-schema", "shop", "--env", HOSTILE)
    write(shop, "two", ONE)
    told = stopgap("deploy", "--from-schema", "shop", "--env", HOSTILE).stdout
    for _ in range(3):
        (command,) = commands(told)
        done = stopgap(*command)
        assert done.exit_code == 0, done.stderr
        told = done.stdout

    assert commands(first.stdout) == []
    assert command[:3] == ["rollback", "--env", HOSTILE]


def test_a_sealed_deployment_is_activated_by_the_command_proposed(
    shop: Connection, stopgap: Run
) -> None:
    sealed = stopgap("deploy", "--from-schema", "shop", "--no-activate", "--env", "a b")

    (command,) = commands(sealed.stdout)
    assert stopgap(*command).exit_code == 0


def test_people_read_what_pruning_dropped(shop: Connection, stopgap: Run) -> None:
    write(shop, "goes", ONE)
    deploy(stopgap, "--env", "staging")
    deploy(stopgap)
    drop(shop, "goes")
    deploy(stopgap, "--env", "staging")

    deployed = stopgap("deploy", "--from-schema", "shop", "--prune")
    deploy(stopgap, "--env", "other")
    write(shop, "goes", ONE)
    deploy(stopgap, "--env", "other")
    promoted = stopgap("promote", "--from", "staging", "--to", "other", "--prune")

    assert "\nDropped: goes\n" in deployed.stdout
    assert "\nDropped: goes\n" in promoted.stdout


def test_people_read_what_a_promotion_leaves_live(
    shop: Connection, stopgap: Run
) -> None:
    deploy(stopgap, "--env", "staging")
    write(shop, "stays", ONE)
    deploy(stopgap)

    promoted = stopgap("promote", "--from", "staging", "--to", "prod")

    assert "\nstays     retained\n1 unchanged\n" in promoted.stdout
    assert "removed" not in promoted.stdout
    assert "\nStill live, though not deployed: stays\n" in promoted.stdout


def test_a_plan_names_what_it_puts_right(shop: Connection, stopgap: Run) -> None:
    write(shop, "two", ONE)
    deploy(stopgap)
    shop.execute("drop function live_deployment.greet")
    shop.execute("alter function live_deployment.two strict")

    plan = stopgap("plan", "--from-schema", "shop").stdout

    assert (
        "\n\nbrings back greet, which was dropped by hand"
        "\nputs right two, changed by hand: attributes\n\n"
    ) in plan
    assert "0 dropped, 1 created, 1 replaced" in plan


def test_a_plan_and_a_deploy_say_which_hand_edits_they_overwrite(
    shop: Connection, stopgap: Run
) -> None:
    for name in ("changes", "follows", "goes", "same"):
        write(shop, name, ONE)
    deploy(stopgap)
    write(shop, "changes", "export default () => 2;")
    write(shop, "follows", "export default () => 2;")
    drop(shop, "goes")
    for name in ("changes", "goes", "same"):
        shop.execute(f"alter function live_deployment.{name} strict".encode())
    write(shop, "mine", ONE)
    shop.execute(
        "set role stopgap_owner;"
        "create function live_deployment.mine(args jsonb) returns jsonb return args;"
        "reset role"
    )

    plan = stopgap("plan", "--from-schema", "shop", "--prune").stdout
    deployed = stopgap("deploy", "--from-schema", "shop", "--prune", "--output", "json")
    again = stopgap("plan", "--from-schema", "shop").stdout

    assert (
        "\n\ndrops goes, changed by hand: attributes"
        "\noverwrites changes, changed by hand: attributes"
        "\nputs right mine, which was made by hand"
        "\nputs right same, changed by hand: attributes\n\n"
    ) in plan
    edits = {
        each["fn_name"]: (each["becomes"], each["changed"])
        for each in deployed.json["hand_edits"]
    }
    assert edits == {
        "changes": ("replaced", ["attributes"]),
        "goes": ("dropped", ["attributes"]),
        "mine": ("replaced", ["added"]),
        "same": ("replaced", ["attributes"]),
    }
    assert "by hand" not in again


def test_people_are_warned_of_hand_edits_that_a_deploy_overwrites(
    shop: Connection, stopgap: Run
) -> None:
    write(shop, "two", ONE)
    deploy(stopgap)
    shop.execute("alter function live_deployment.two strict")
    shop.execute("drop function live_deployment.greet")

    told = stopgap("deploy", "--from-schema", "shop").stderr

    assert 'changed by hand, and are overwritten: "two" (attributes)' in told
    assert 'dropped by hand, and are made again: "greet" (dropped)' in told
    assert "by hand" not in stopgap("deploy", "--from-schema", "shop").stderr


def test_one_function_is_not_retained_and_removed_at_once(
    shop: Connection, stopgap: Run
) -> None:
    write(shop, "stays", ONE)
    deploy(stopgap)
    drop(shop, "stays")

    plan = stopgap("plan", "--from-schema", "shop").stdout
    deployed = stopgap("deploy", "--from-schema", "shop").stdout

    assert "\nretains stays\n" in plan
    assert "0 dropped, 0 created, 0 replaced, 1 unchanged, 1 retained" in plan
    assert "\nstays     retained\n" in deployed
    assert "removed" not in plan + deployed


def test_a_plan_does_not_put_right_what_nobody_touched(
    shop: Connection, stopgap: Run
) -> None:
    write(shop, "old", ONE)
    deploy(stopgap)
    drop(shop, "old")
    write(shop, "greet", "export default () => 3;")
    deploy(stopgap)
    write(shop, "old", "export default () => 2;")
    deploy(stopgap)

    plan = stopgap("rollback", "--dry-run").stdout

    assert "\nreplaces old\n" in plan
    assert "puts right" not in plan


def test_people_read_what_a_promotion_and_a_bundle_leave_behind(
    shop: Connection, stopgap: Run
) -> None:
    write(shop, "old", ONE)
    deploy(stopgap, "--env", "staging")
    drop(shop, "old")
    shop.execute("create procedure shop.touch() language plts as ''")
    deploy(stopgap, "--env", "staging")
    staging = ("--env", "staging")

    promoted = stopgap("promote", "--from", "staging", "--to", "prod")
    exported = stopgap("export", *staging, "--out", "b.json")
    as_json = stopgap("export", *staging, "--out", "b.json", "--output", "json")
    imported = stopgap("import", "b.json", "--env", "there")
    planned = stopgap("import", "b.json", "--env", "there", "--dry-run")

    for told in (promoted, exported, imported, planned):
        assert told.exit_code == 0, told.stderr
        lines = told.stdout.splitlines()
        assert "touch    it is a procedure" in lines
        assert any(line.startswith("old ") and "staging" in line for line in lines)
    assert [each["fn_name"] for each in as_json.json["skipped"]] == ["touch", "old"]


def test_a_rollback_says_what_it_passes_over(shop: Connection, stopgap: Run) -> None:
    deploy(stopgap)
    write(shop, "greet", ONE)
    for _ in range(3):
        deploy(stopgap)

    done = stopgap("rollback")

    assert "from deployment 4 to deployment 1\n" in done.stdout
    assert "2 deployments passed over that made nothing else live: 3, 2" in done.stderr


def test_a_rollback_that_changes_nothing_says_so(
    shop: Connection, stopgap: Run
) -> None:
    deploy(stopgap)
    deploy(stopgap)

    done = stopgap("rollback")

    assert done.exit_code == 0
    assert "Nothing is changed by it" in done.stdout
    assert "going back changes nothing" in done.stderr


@pytest.mark.parametrize(
    "verb",
    [
        "deploy --from-schema shop",
        "promote --from staging --to prod",
        "import b.json",
        "activate 2",
        "rollback --to 2",
    ],
)
def test_who_asks_learns_how_long_it_took(
    shop: Connection, stopgap: Run, verb: str
) -> None:
    deploy(stopgap, "--env", "staging")
    deploy(stopgap)
    stopgap("export", "--out", "b.json")
    write(shop, "greet", ONE)
    deploy(stopgap)

    told = stopgap(*verb.split(), "-v")

    assert told.exit_code == 0, told.stderr
    *_, last = told.stdout.splitlines()
    words = ["waiting for locks", "compiling", "DDL", "in all"]
    assert last.startswith("Seconds: ")
    assert [each.split(" ", 1)[1] for each in last[9:].split(", ")] == words


def test_a_plan_names_what_comes_back_without_being_deployed(
    shop: Connection, stopgap: Run
) -> None:
    write(shop, "stays", ONE)
    deploy(stopgap)
    drop(shop, "stays")
    deploy(stopgap)
    deploy(stopgap, "--prune")

    plan = stopgap("rollback", "--dry-run").stdout

    assert "\n\nbrings back stays\n\n" in plan
    assert "retains" not in plan


@pytest.mark.parametrize(
    ("by_hand", "is_proposed"),
    [
        ("create function live_deployment.own() returns int return 1", False),
        ("alter function live_deployment.greet strict", True),
        ("drop function live_deployment.greet", True),
        ("drop schema live_deployment cascade", True),
    ],
)
def test_repair_is_proposed_where_it_would_do_something(
    shop: Connection, stopgap: Run, by_hand: str, is_proposed: bool
) -> None:
    deploy(stopgap)
    shop.execute(by_hand.encode())

    told = stopgap("status").stdout

    assert commands(told) == ([["repair", "--env", "prod"]] if is_proposed else [])


def test_people_see_why_and_by_which_job(shop: Connection, stopgap: Run) -> None:
    deploy(stopgap, "--no-provenance")
    before = stopgap("deployments").stdout
    url = "https://ci.example/7"
    job = {"JENKINS_URL": "https://ci.example", "BUILD_URL": url}
    stopgap("deploy", "--from-schema", "shop", "--message", "two\nlines", **job)

    assert "message" not in before
    for verb in ("deployments", "audit"):
        titles, newest, *_ = stopgap(verb).stdout.splitlines()
        assert titles.split()[-2:] == ["message", "ci"]
        assert newest.endswith(f"  two␊lines  {url}")
    status = stopgap("status").stdout
    assert "\nmessage      two␊lines\n" in status
    assert f"\nci           {url}\n" in status


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("deployments --before 1", "Nothing was deployed to prod before deployment 1"),
        ("deployments --env dev", "Nothing was ever deployed to dev"),
        ("audit --env dev", "Nothing was ever activated in dev"),
        ("audit --before 1", "Nothing was activated before entry 1"),
    ],
)
def test_an_empty_page_says_what_it_is_empty_of(
    shop: Connection, stopgap: Run, command: str, told: str
) -> None:
    deploy(stopgap)

    assert stopgap(*command.split()).stdout == f"{told}\n"


def test_the_functions_of_a_diff_stand_together(shop: Connection, stopgap: Run) -> None:
    write(shop, "one", ONE)
    write(shop, "two", ONE)

    diff = stopgap("diff", "--from-schema", "shop").stdout

    assert diff.splitlines()[1:] == ["", "added greet", "added one", "added two"]


def test_who_lacks_the_role_is_told_which(
    shop: Connection, run: Run, database: str
) -> None:
    as_user = f"{database}?options=-c%20role%3Dapp_user"
    for command, role in {
        "audit": "stopgap_reader",
        "status": "stopgap_reader",
        "plan --from-schema shop": "stopgap_reader",
        "rollback": "stopgap_deployer",
        "gc": "stopgap_maintainer",
    }.items():
        assert f"grant {role} to" in run(*command.split(), "--db", as_user).stderr
    assert "superusers" in run("after-restore", "--db", as_user).stderr


def test_a_database_without_stopgap_has_no_audit_either(
    stopgap: Run, database: str
) -> None:
    dsn = database.rpartition("/")[0] + "/postgres"

    assert stopgap("audit", "--db", dsn).exit_code == 14


@pytest.fixture
def waiting(
    shop: Connection, stopgap: Run, connect: Connect, database: str
) -> Iterator[subprocess.Popen[str]]:
    """A rollback that waits for the environment's lock."""
    deploy(stopgap)
    holder = connect(autocommit=False)
    holder.execute("select stopgap.activate('prod', 1)")
    # Who runs the tests behind a shell's & has SIGINT ignored, which is inherited.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        rollback = subprocess.Popen(
            [PROGRAM, "rollback", "--db", database],
            env={**os.environ, "STOPGAP_OUTPUT": "json"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
    finally:
        signal.signal(signal.SIGINT, before)
    assert wait_until(lambda: is_waiting(shop), seconds=30)
    yield rollback
    rollback.kill()
    rollback.wait()
    holder.rollback()
    assert not is_waiting(shop)


@pytest.mark.parametrize(
    ("number", "code", "kind"),
    [(signal.SIGINT, 130, "Interrupted"), (signal.SIGTERM, 143, "Terminated")],
)
def test_who_ends_a_change_is_told_where_to_look(
    waiting: subprocess.Popen[str],
    database: str,
    number: signal.Signals,
    code: int,
    kind: str,
) -> None:
    waiting.send_signal(number)
    _, told = waiting.communicate(timeout=60)

    assert waiting.returncode == code
    error = json.loads(told)["error"]
    assert error["kind"] == kind
    assert f"`stopgap audit --db {database}`" in error["hint"]


def test_a_session_that_was_ended_says_that_nothing_changed(
    shop: Connection, waiting: subprocess.Popen[str]
) -> None:
    shop.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity"
        " where wait_event_type = 'Lock' and datname = current_database()"
    )
    _, told = waiting.communicate(timeout=60)

    assert waiting.returncode == 10
    error = json.loads(told)["error"]
    assert error["message"] == (
        "the connection broke: terminating connection due to administrator command"
    )
    assert error["hint"] == "nothing was changed: try again"


def is_waiting(connection: Connection) -> bool:
    found = connection.execute(
        "select from pg_stat_activity"
        " where wait_event_type = 'Lock' and datname = current_database()"
    )
    return found.fetchone() is not None


def test_people_read_what_changed_against_what_ran_before(
    shop: Connection, stopgap: Run
) -> None:
    deploy(stopgap)
    write(shop, "one", ONE)
    deploy(stopgap, "--no-activate")
    write(shop, "two", ONE)

    sealed = stopgap("deploy", "--from-schema", "shop", "--no-activate")
    deployed = stopgap("deploy", "--from-schema", "shop")
    again = stopgap("deploy", "--from-schema", "shop")

    changes = "\n\nfunction  change\none       added\ntwo       added\n1 unchanged\n\n"
    assert changes in sealed.stdout
    assert changes in deployed.stdout
    assert "\n\n3 unchanged\n\n" in again.stdout


@pytest.mark.parametrize("encoding", ["ascii", "utf-8"])
def test_an_encoding_that_lacks_a_name_loses_no_answer(
    shop: Connection, stopgap: Run, encoding: str
) -> None:
    env = "Größe €"
    deploy_it = ("deploy", "--from-schema", "shop", "--env", env)
    poor = {"PYTHONIOENCODING": f"{encoding}:strict", "PYTHONUTF8": "0"}

    told = stopgap(*deploy_it, **poor)
    as_json = stopgap(*deploy_it, "--output", "json", **poor)

    assert told.exit_code == as_json.exit_code == 0
    assert "deployment 1" in told.stdout
    assert as_json.json["env"] == env


@pytest.mark.parametrize(
    "command",
    [
        "status --env {}",
        "deploy --from-schema {}",
        "deploy --from-schema shop --label {}",
        "promote --from a --to {}",
        "rollback --to-label {}",
        "status --db {}",
    ],
)
def test_what_is_no_text_is_a_usage_error(
    shop: Connection, stopgap: Run, command: str
) -> None:
    outcome = stopgap(*command.format("a\udcff").split())

    assert outcome.exit_code == 2
    assert "a\\udcff" in outcome.stderr


def test_what_the_ci_could_not_encode_stops_no_deploy(
    shop: Connection, stopgap: Run
) -> None:
    job = {"JENKINS_URL": "x", "BUILD_URL": "https://ci/\udcff"}

    outcome = stopgap(
        "deploy", "--from-schema", "shop", "--message", "why\udcff", **job
    )

    assert outcome.exit_code == 0, outcome.stderr
    assert stopgap("deployments").stdout.endswith("  why?     https://ci/?\n")


def test_who_may_only_read_is_told_why(
    shop: Connection, run: Run, database: str
) -> None:
    option = "options=-c%20default_transaction_read_only%3Don"
    reading = ("--db", f"{database}?{option}")

    refused = run("deploy", "--from-schema", "shop", *reading)

    assert refused.exit_code == 11
    assert "default_transaction_read_only" in refused.stderr
    assert run("plan", "--from-schema", "shop", *reading).exit_code == 0
