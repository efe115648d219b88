"""Materialization: what is created, replaced, dropped, kept and retained."""

from __future__ import annotations

import pytest

from stopgap.engine.errors import LiveFunctionConflict, LiveObjectNotOwned
from stopgap.engine.live import LiveSchema
from stopgap.engine.plan import (
    Kept,
    Materialization,
    Target,
    as_it_is,
    is_change,
    obsolete_functions,
    plan,
    untouchable,
)
from stopgap.engine.version import VersionRef, Versions
from tests.engine.values import live, live_function, version, versions


def materialize(
    target: Target,
    *,
    expected: Versions | None = None,
    schema: LiveSchema | None = None,
    drop_obsolete: bool = False,
    dependents: dict[int, list[str]] | None = None,
) -> Materialization:
    return plan(
        target,
        Target(expected or {}),
        schema or live(),
        drop_obsolete=drop_obsolete,
        dependents=dependents or {},
    )


def created(planned: Materialization) -> list[str]:
    return [version.fn_name for version in planned.create]


def dropped(planned: Materialization) -> list[str]:
    return [function.name for function in planned.drop]


def test_a_first_deployment_creates_everything() -> None:
    planned = materialize(Target(versions("b", "a", deployment_id=None)))

    assert created(planned) == ["a", "b"]
    assert not planned.is_empty


def test_what_runs_already_is_left_alone() -> None:
    planned = materialize(
        Target(versions("a")),
        expected=versions("a"),
        schema=live(live_function("a")),
    )

    assert planned.unchanged == (version("a"),)
    assert planned.is_empty


def test_changed_code_is_replaced() -> None:
    planned = materialize(
        Target(versions("a", code="new")),
        expected=versions("a"),
        schema=live(live_function("a")),
    )

    assert [each.version.fn_name for each in planned.replace] == ["a"]
    assert planned.create == ()


def test_a_change_by_hand_is_undone_even_if_nothing_was_deployed_anew() -> None:
    planned = materialize(
        Target(versions("a")),
        expected=versions("a"),
        schema=live(live_function("a", code="by hand")),
    )

    assert len(planned.replace) == 1


def test_without_prune_removed_functions_are_retained() -> None:
    planned = materialize(
        Target(versions("a", deployment_id=None)),
        expected=versions("a", "gone", deployment_id=4),
        schema=live(live_function("a"), live_function("gone")),
    )

    assert planned.retained == (VersionRef("gone", 4),)
    assert planned.drop == ()
    assert planned.kept == ()


def test_a_retained_function_that_was_dropped_by_hand_is_forgotten() -> None:
    planned = materialize(
        Target(versions("a")),
        expected=versions("a", "gone"),
        schema=live(live_function("a")),
    )

    assert planned.retained == ()


def test_prune_drops_what_the_target_lacks() -> None:
    planned = materialize(
        Target(versions("a")),
        expected=versions("a", "gone"),
        schema=live(live_function("a"), live_function("gone")),
        drop_obsolete=True,
    )

    assert dropped(planned) == ["gone"]
    assert planned.retained == ()


def test_prune_keeps_what_others_depend_on_and_says_what() -> None:
    gone = live_function("gone", oid=77)

    planned = materialize(
        Target(versions("a")),
        expected=versions("a", "gone", deployment_id=3),
        schema=live(live_function("a"), gone),
        drop_obsolete=True,
        dependents={77: ["view v"]},
    )

    assert planned.drop == ()
    assert planned.kept == (Kept(VersionRef("gone", 3), ("view v",)),)
    assert planned.retained == (VersionRef("gone", 3),)


def test_functions_that_people_made_are_theirs() -> None:
    planned = materialize(
        Target(versions("a")),
        expected=versions("a"),
        schema=live(live_function("a"), live_function("mine")),
        drop_obsolete=True,
    )

    assert planned.is_empty
    assert planned.retained == ()


def test_a_rollback_brings_back_what_was_retained_with_its_target() -> None:
    planned = materialize(
        Target(versions("a"), retained=versions("old", deployment_id=1)),
        expected=versions("a", "new", deployment_id=2),
        schema=live(live_function("a"), live_function("new")),
        drop_obsolete=True,
    )

    assert created(planned) == ["old"]
    assert dropped(planned) == ["new"]
    assert planned.retained == (VersionRef("old", 1),)


def test_what_is_deployed_wins_over_what_was_retained() -> None:
    target = Target(
        versions("a", code="new", deployment_id=2),
        retained=versions("a", code="old", deployment_id=1),
    )

    planned = materialize(target)

    assert planned.create == (version("a", code="new", deployment_id=2),)
    assert planned.retained == ()


def test_obsolete_is_what_was_made_live_is_live_and_is_not_wanted() -> None:
    obsolete = obsolete_functions(
        Target(versions("wanted")),
        Target(versions("wanted", "gone", "dropped")),
        live(live_function("wanted"), live_function("gone"), live_function("mine")),
    )

    assert [each.name for each in obsolete] == ["gone"]


def test_a_live_function_of_another_owner_cannot_be_replaced() -> None:
    (refusal,) = untouchable(
        materialize(
            Target(versions("a", code="new")),
            schema=live(live_function("a", is_owned=False)),
        )
    )

    assert isinstance(refusal, LiveObjectNotOwned)
    assert '"a"' in refusal.message
    assert "stopgap.after_restore()" in (refusal.hint or "")


def test_a_live_function_of_another_owner_may_stay_as_it_is() -> None:
    planned = materialize(
        Target(versions("a")), schema=live(live_function("a", is_owned=False))
    )

    assert planned.is_empty
    assert untouchable(planned) == []


def test_a_live_function_of_another_owner_cannot_be_dropped() -> None:
    (refusal,) = untouchable(
        materialize(
            Target({}),
            expected=versions("a"),
            schema=live(live_function("a", is_owned=False)),
            drop_obsolete=True,
        )
    )

    assert isinstance(refusal, LiveObjectNotOwned)


def test_a_live_function_with_another_result_cannot_be_replaced() -> None:
    (refusal,) = untouchable(
        materialize(
            Target(versions("a")),
            schema=live(live_function("a", is_replaceable=False)),
        )
    )

    assert isinstance(refusal, LiveFunctionConflict)
    assert '"a"' in refusal.message


def test_a_long_list_of_names_is_counted_instead() -> None:
    many = [f"f{number:02}" for number in range(25)]

    (refusal,) = untouchable(
        materialize(
            Target(versions(*many, code="new")),
            schema=live(*(live_function(name, is_owned=False) for name in many)),
        )
    )

    assert '"f19" and 5 more' in refusal.message


def test_a_version_that_is_retained_belongs_to_a_deployment() -> None:
    with pytest.raises(ValueError, match="no deployment"):
        materialize(
            Target({}),
            expected=versions("a", deployment_id=None),
            schema=live(live_function("a")),
        )


def test_the_same_functions_live_already_are_no_change() -> None:
    current = Target(versions("a"), retained=versions("old"))

    assert not is_change(Target(versions("a")), current, as_it_is(current))


def test_a_function_that_is_retained_from_now_on_is_a_change() -> None:
    current = Target(versions("a", "gone"))
    schema = live(live_function("a"), live_function("gone"))
    target = Target(versions("a", deployment_id=None))

    planned = materialize(target, expected=current.deployed, schema=schema)

    assert planned.is_empty
    assert is_change(target, current, planned)


def test_a_live_function_that_was_changed_by_hand_is_a_change() -> None:
    current = Target(versions("a"))
    schema = live(live_function("a", code="by hand"))

    planned = materialize(current, expected=current.deployed, schema=schema)

    assert is_change(current, current, planned)
