"""Who may do what: the deployer, the application, everybody, and the owner."""

from __future__ import annotations

import psycopg
import pytest
from psycopg import errors

from tests.fixtures.cluster import Connect, StartCluster
from tests.stopgap.roles import APP, DEPLOYER, MAINTAINER, NOBODY, READER
from tests.stopgap.schema import (
    Connection,
    bodies,
    deploy,
    rollback,
    rows,
    status,
    value,
    write,
)

pytestmark = pytest.mark.usefixtures("roles")

TABLES = (
    "environment",
    "deployment",
    "fn_version",
    "activation_log",
    "dropped_function",
    "activation_audit",
    "environment_overview",
)
CALLS = (
    "stopgap.deploy('prod', 'shop')",
    "stopgap.rollback('prod')",
    "stopgap.status('prod')",
    "stopgap.deployments('prod')",
    "stopgap.diff('prod', 'shop')",
    "stopgap.plan('prod', 'shop')",
    "stopgap.activate('prod', 1)",
    "stopgap.repair('prod')",
    "stopgap.record_failure('prod', 'shop', '{\"message\": \"m\"}')",
    "stopgap.find_deployment('prod', 'token')",
    "stopgap.gc()",
    "stopgap.verify()",
    "stopgap.promote('prod', 'staging')",
    "stopgap.export_deployment('prod')",
    "stopgap.import_deployment('prod', '{}')",
)
# What each role may call of them, beside what readers may.
READING = frozenset(
    {"status", "deployments", "diff", "plan", "verify", "export_deployment"}
)
REMOVING = frozenset({"gc"})
AS_CALLER = """export default async (ctx: Ctx<unknown>) => {
  const [row] = await ctx.db.query("select current_user::text as me");
  return row!.me;
};"""


@pytest.fixture
def shop(connection: Connection) -> Connection:
    """A deployed function, in a source schema that the deployer may use."""
    write(connection, "f", AS_CALLER)
    connection.execute(f'grant usage on schema shop to "{DEPLOYER}"'.encode())
    deploy(connection)
    return connection


def test_a_deployer_deploys_rolls_back_and_reads(
    shop: Connection, connect: Connect
) -> None:
    deployer = connect(role=DEPLOYER)

    second = deploy(deployer)

    assert status(deployer)["active_deployment_id"] == second
    assert value(deployer, "select stopgap.diff('prod', 'shop')")["summary"] == {
        "added": 0,
        "changed": 0,
        "removed": 0,
        "unchanged": 1,
    }
    assert len(value(deployer, "select stopgap.deployments('prod')")) == 2
    assert value(deployer, "select stopgap.plan('prod', 'shop')")["possible"] is True
    assert rollback(deployer) == 1
    assert value(deployer, "select stopgap.activate('prod', 2)") == 2
    assert value(deployer, "select stopgap.repair('prod')")["changed"] is False
    for table in TABLES:
        rows(deployer, f"select * from stopgap.{table}")
    assert value(deployer, "select count(*) from plts.artifact") > 0


def test_a_deployer_needs_usage_on_the_source_schema(
    shop: Connection, connect: Connect
) -> None:
    write(shop, "f", schema="Private")
    deployer = connect(role=DEPLOYER)

    for call in ("deploy", "diff"):
        with pytest.raises(psycopg.Error, match="lacks USAGE") as error:
            value(deployer, f"select stopgap.{call}('prod', 'Private')")
        assert error.value.sqlstate == "SG002"
        assert error.value.diag.message_hint == (
            f'grant usage on schema "Private" to "{DEPLOYER}";'
        )


def verb_of(call: str) -> str:
    return call.removeprefix("stopgap.").partition("(")[0]


@pytest.mark.parametrize("call", CALLS, ids=verb_of)
@pytest.mark.parametrize("role", [READER, DEPLOYER, MAINTAINER])
def test_each_role_calls_what_is_its_own_and_what_readers_do(
    shop: Connection, connect: Connect, role: str, call: str
) -> None:
    verb = verb_of(call)
    own = {
        READER: READING,
        DEPLOYER: {verb_of(each) for each in CALLS} - REMOVING,
        MAINTAINER: READING | REMOVING,
    }
    shop.execute("grant usage on schema shop to stopgap_reader")
    user = connect(role=role)

    if verb in own[role]:
        refused = None
        try:
            value(user, f"select {call}")
        except psycopg.Error as error:
            refused = error.sqlstate
        # Some of them ask for what makes no sense.
        assert refused is None or refused.startswith(("SG1", "SG2"))
    else:
        with pytest.raises(errors.InsufficientPrivilege):
            value(user, f"select {call}")


@pytest.mark.parametrize(
    ("call", "sqlstate", "needed"),
    [
        ("stopgap.status('prod')", "SG008", "stopgap_reader"),
        ("stopgap.rollback('prod')", "SG001", "stopgap_deployer"),
        ("stopgap.gc()", "SG009", "stopgap_maintainer"),
    ],
)
def test_a_refusal_names_the_role_that_is_missing(
    shop: Connection, connect: Connect, call: str, sqlstate: str, needed: str
) -> None:
    shop.execute("grant execute on all functions in schema stopgap to public")

    with pytest.raises(psycopg.Error, match=needed) as error:
        value(connect(role=NOBODY), f"select {call}")

    assert error.value.sqlstate == sqlstate
    assert error.value.diag.message_hint == f'grant {needed} to "{NOBODY}";'


@pytest.mark.parametrize("role", [APP, NOBODY])
@pytest.mark.parametrize("call", CALLS)
def test_nobody_else_calls_the_engine(
    shop: Connection, connect: Connect, role: str, call: str
) -> None:
    with pytest.raises(errors.InsufficientPrivilege):
        value(connect(role=role), f"select {call}")


@pytest.mark.parametrize("role", [APP, NOBODY])
@pytest.mark.parametrize(
    "query",
    [
        *(f"select * from stopgap.{table}" for table in TABLES),
        "select * from plts.artifact",
        "select plts.get_artifact('sha256:')",
        "select plts.artifact_source('live_deployment.f'::regproc)",
        "select stopgap.load_engine()",
        "select stopgap.after_restore()",
        "select plts.delete_artifacts('{}')",
        "select plts.deletable_artifacts('{}')",
    ],
)
def test_nobody_else_reads_what_was_deployed(
    shop: Connection, connect: Connect, role: str, query: str
) -> None:
    shop.execute("grant usage on schema live_deployment to public")

    with pytest.raises(errors.InsufficientPrivilege):
        rows(connect(role=role), query)


def test_the_application_calls_live_functions_as_itself(
    shop: Connection, connect: Connect
) -> None:
    assert value(connect(role=APP), "select live_deployment.f('{}')") == APP


def test_others_do_not_call_live_functions(shop: Connection, connect: Connect) -> None:
    shop.execute("grant usage on schema live_deployment to public")

    with pytest.raises(errors.InsufficientPrivilege):
        value(connect(role=NOBODY), "select live_deployment.f('{}')")


@pytest.mark.parametrize("role", [DEPLOYER, APP, NOBODY])
@pytest.mark.parametrize(
    "statement",
    [
        "create function live_deployment.mine() returns int language sql as 'select 1'",
        "create or replace function live_deployment.f(args jsonb) returns jsonb"
        " language sql as 'select args'",
        "drop function live_deployment.f(jsonb)",
        "alter function live_deployment.f(jsonb) stable",
        "create table live_deployment.t ()",
        "drop schema live_deployment cascade",
        "insert into stopgap.environment (env, live_schema) values ('a', 'b')",
        "update stopgap.deployment set status = 'failed'",
        "delete from stopgap.activation_log",
        "delete from plts.artifact",
        "select plts.delete_artifacts('{}')",
        "select nextval('stopgap.deployment_id_seq')",
        "create table stopgap.t ()",
        "set role stopgap_owner",
        "create or replace function stopgap.version() returns text"
        " language sql as $$select 'x'$$",
    ],
)
def test_nobody_but_the_engine_changes_anything(
    shop: Connection, connect: Connect, role: str, statement: str
) -> None:
    with pytest.raises(errors.InsufficientPrivilege):
        connect(role=role).execute(statement.encode())


def test_a_definer_function_in_between_makes_nobody_a_deployer(
    shop: Connection, connect: Connect
) -> None:
    shop.execute(
        "create function public.sneak() returns bigint language sql security definer"
        " as $$select stopgap.deploy('prod', 'shop')$$"
    )

    with pytest.raises(psycopg.Error, match=NOBODY) as error:
        value(connect(role=NOBODY), "select public.sneak()")

    assert error.value.sqlstate == "SG001"
    assert error.value.diag.message_hint == f'grant stopgap_deployer to "{NOBODY}";'


def test_who_logged_in_and_in_which_role_are_recorded(
    shop: Connection, connect: Connect
) -> None:
    pooler = connect()
    pooler.execute(f'set role "{DEPLOYER}"'.encode())

    deployment = deploy(pooler)

    who = rows(
        shop,
        "select created_by, created_as, activated_by, activated_as"
        " from stopgap.deployment as d"
        " join stopgap.activation_log as a on a.to_deployment_id = d.id"
        " where d.id = %s",
        deployment,
    )
    assert who == [("postgres", DEPLOYER, "postgres", DEPLOYER)]


def test_a_role_set_behind_a_pooler_is_what_counts(
    shop: Connection, connect: Connect
) -> None:
    pooler = connect()
    pooler.execute(f"set role {NOBODY}".encode())

    with pytest.raises(errors.InsufficientPrivilege):
        deploy(pooler)


def test_the_owner_is_no_superuser_and_logs_in_nowhere(connection: Connection) -> None:
    assert rows(
        connection,
        "select rolname, rolcanlogin, rolsuper, rolcreaterole, rolcreatedb,"
        " rolbypassrls, rolreplication from pg_roles"
        " where rolname in ('stopgap_owner', 'stopgap_reader', 'stopgap_deployer',"
        " 'stopgap_maintainer', 'app_user')"
        " order by rolname",
    ) == [
        (name, False, False, False, False, False, False)
        for name in (
            "app_user",
            "stopgap_deployer",
            "stopgap_maintainer",
            "stopgap_owner",
            "stopgap_reader",
        )
    ]


def test_every_object_of_the_extension_belongs_to_the_owner(
    connection: Connection,
) -> None:
    strangers = rows(
        connection,
        "select o.identity from pg_extension as x"
        " join pg_depend as d on d.refobjid = x.oid and d.deptype = 'e'"
        " cross join lateral pg_identify_object(d.classid, d.objid, 0) as o"
        " left join pg_class as c"
        " on c.oid = d.objid and d.classid = 'pg_class'::regclass"
        " left join pg_proc as p"
        " on p.oid = d.objid and d.classid = 'pg_proc'::regclass"
        " where x.extname = 'stopgap' and o.type not in ('type', 'composite type')"
        " and coalesce(c.relowner, p.proowner) is distinct from"
        " 'stopgap_owner'::regrole::oid",
    )

    # It gives things away that only a superuser has, and runs as who calls it.
    assert strangers == [("stopgap.after_restore(pg_catalog.jsonb)",)]


def test_the_owner_needs_the_language(shop: Connection) -> None:
    shop.execute("revoke usage on language plts from stopgap_owner")

    with pytest.raises(psycopg.Error, match="language plts") as error:
        deploy(shop)

    assert error.value.sqlstate == "SG004"


def test_the_owner_needs_create_on_the_database_for_a_new_environment(
    shop: Connection,
) -> None:
    database = value(shop, "select current_database()")
    shop.execute(f"revoke create on database {database} from stopgap_owner".encode())

    deploy(shop)
    with pytest.raises(psycopg.Error, match="lacks CREATE") as error:
        deploy(shop, "staging")

    assert error.value.sqlstate == "SG003"
    assert "stopgap.after_restore()" in (error.value.diag.message_hint or "")
    value(shop, "select stopgap.after_restore()")
    deploy(shop, "staging")


def test_live_objects_of_another_owner_are_given_back_by_after_restore(
    shop: Connection,
) -> None:
    shop.execute("alter schema live_deployment owner to postgres")
    shop.execute("alter function live_deployment.f owner to postgres")
    write(shop, "f", 2)

    with pytest.raises(psycopg.Error, match="live_deployment") as error:
        deploy(shop)
    restored = value(shop, "select stopgap.after_restore()")
    again = value(shop, "select stopgap.after_restore()")
    deploy(shop)

    assert error.value.sqlstate == "SG006"
    assert restored["functions"] == ["live_deployment.f"]
    assert again["functions"] == []
    assert bodies(shop).keys() == {"f"}


def test_after_restore_is_for_superusers(shop: Connection, connect: Connect) -> None:
    shop.execute(
        f"grant execute on function stopgap.after_restore to {NOBODY}".encode()
    )

    nobody = connect(role=NOBODY)
    value(nobody, "select stopgap.version()")

    with pytest.raises(psycopg.Error, match="not a superuser") as error:
        value(nobody, "select stopgap.after_restore()")

    assert error.value.sqlstate == "SG007"


@pytest.mark.slow
def test_existing_roles_are_adopted_only_if_they_are_harmless(
    start_cluster: StartCluster,
) -> None:
    running = start_cluster()
    harmful = {
        "create role stopgap_owner login": "can do more than it should",
        "create role app_user superuser": "can do more than it should",
        "create role stopgap_deployer createrole": "can do more than it should",
        "create role stopgap_owner; create role m in role stopgap_owner": "members: m",
        "create role stopgap_deployer; create role m in role stopgap_deployer": (
            "members: m"
        ),
        "create role stopgap_reader; create role m in role stopgap_reader": (
            "members: m"
        ),
        "create role stopgap_maintainer; create role m in role stopgap_maintainer": (
            "members: m"
        ),
        "create role m; create role stopgap_owner in role m": "of other roles",
    }
    with running.connect() as connection:
        connection.execute("create extension plts; create extension plpython3u")
        for statement, message in harmful.items():
            with connection.transaction(force_rollback=True):
                connection.execute(statement.encode())
                with pytest.raises(errors.DuplicateObject, match=message):
                    connection.execute("create extension stopgap")

        said: list[str | None] = []
        connection.add_notice_handler(
            lambda notice: said.append(notice.message_primary)
        )
        connection.execute("create role app_user; create role m in role app_user")
        connection.execute("create extension stopgap")
        assert said == ['role "app_user" exists already, and is used as it is']


@pytest.mark.slow
def test_deployers_of_one_database_do_not_keep_another_from_the_extension(
    start_cluster: StartCluster,
) -> None:
    running = start_cluster()
    with running.connect() as connection:
        connection.execute("create extension stopgap cascade")
        connection.execute("create role m in role stopgap_deployer")
        connection.execute("create database other")

    with running.connect("other") as connection:
        connection.execute("create extension stopgap cascade")
