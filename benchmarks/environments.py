"""How the cost of the verbs grows with an environment: its functions, its history.

All functions are alike, so that making them costs little and what is timed is the
engine, not the compiler.
"""

from __future__ import annotations

from benchmarks.deployments import new_database, run, timed
from benchmarks.result import Row
from benchmarks.server import Servers
from benchmarks.timing import Effort

_VERBS = {
    "none": ("deploy, none changed", "select stopgap.deploy('prod', 'bench_src')"),
    "status": ("status", "select stopgap.status('prod')"),
    "diff": ("diff, none changed", "select stopgap.diff('prod', 'bench_src')"),
    "plan": ("plan, none changed", "select stopgap.plan('prod', 'bench_src')"),
    "page": (
        "the newest 20 deployments",
        "select stopgap.deployments('prod', 20, null, false)",
    ),
    "history": (
        "the whole history",
        "select stopgap.deployments('prod', null, null, false)",
    ),
    "audit": (
        "the newest 20 activations",
        "select * from stopgap.activation_audit order by activation_id desc limit 20",
    ),
    "lineage": (
        "plan of a rollback over the whole lineage",
        """select stopgap.plan('prod', null, '{{"rollback": {{"steps": {steps}}}}}')""",
    ),
    "verify": ("verify", "select stopgap.verify()"),
    "gc-dry-run": (
        "gc of all but one deployment, dry run",
        """select stopgap.gc('{{"keep": 1, "dry_run": true}}')""",
    ),
    "rollback": ("rollback, all changed", "select stopgap.rollback('prod', {steps})"),
    "gc": ("gc of all but one deployment", """select stopgap.gc('{{"keep": 1}}')"""),
}
# What changes the environment is measured once.
_ONCE = frozenset({"none", "rollback", "gc"})
_SOURCES = """
do $$ begin
  for i in 1..{count} loop
    execute format('create or replace function bench_src.%I(args jsonb)
      returns jsonb language plts as ''export default () => {answer};''', 'f' || i);
  end loop;
end $$
"""
# Deployments of ten functions, each the way back of the next, the last one active.
# Every other one lacks a function: a step back makes something else live.
_HISTORY = """
with made as (
  insert into stopgap.deployment
    (env, source_schema, created_by, created_as, status, previous_id, manifest)
  select 'prod', 'bench_src', 'bench', 'bench', 'superseded', i, '{{}}'
  from generate_series(1, {count}) as i
  returning id
), logged as (
  insert into stopgap.activation_log
    (env, from_deployment_id, to_deployment_id, activated_by, activated_as, action)
  select 'prod', id - 1, id, 'bench', 'bench', 'deploy' from made order by id
)
insert into stopgap.fn_version
select m.id, v.fn_name, v.fn_schema, v.live_fn_schema, v.kind, v.artifact_hash,
  v.pointer, v.attributes
from made as m
cross join (
  select *, row_number() over (order by fn_name) as place
  from stopgap.fn_version where deployment_id = 1 order by fn_name limit 10
) as v
where v.place > 1 or m.id % 2 = 1;
update stopgap.deployment set status = 'superseded' where id = 1;
update stopgap.deployment set status = 'active' where id = {count} + 1;
update stopgap.environment set active_deployment_id = {count} + 1;
analyze stopgap.deployment, stopgap.fn_version, stopgap.activation_log
"""
_DEPLOY = "select stopgap.deploy('prod', 'bench_src')"


def environments(
    servers: Servers, effort: Effort, *, functions: int, history: int
) -> list[Row]:
    """Measure the verbs in an environment of this size, in a new database."""
    dsn = new_database(servers)
    # Each in a transaction of its own, for all of them take locks on every function.
    run(dsn, [_SOURCES.format(count=functions, answer=1)])
    run(dsn, [_DEPLOY])
    run(dsn, [_HISTORY.format(count=history)])
    run(dsn, [_SOURCES.format(count=functions, answer=2)])
    run(dsn, [_DEPLOY])
    size = f"{functions:,} functions, {history:,} deployments"
    rows = []
    for verb, (title, statement) in _VERBS.items():
        called = statement.format(steps=history + 1)
        times = 1 if verb in _ONCE else effort.deploy_repetitions
        seconds = min(timed(dsn, called) for _ in range(times))
        rows.append(
            Row(
                name=f"environment-{functions}-{history}-{verb}",
                what=f"{size}: {title}",
                unit="ms",
                values={"plts": seconds * 1e3},
            )
        )
    return rows
