"""Which functions of a source schema are deployable, and why others are not."""

from __future__ import annotations

import pytest

from stopgap.engine.errors import AmbiguousFunction
from stopgap.engine.source import (
    Skipped,
    SourceFunction,
    divide,
    refuse_ambiguous,
)
from tests.engine.values import source_function


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (source_function(prokind="p"), "it is a procedure"),
        (source_function(prokind="w"), "it is a window function"),
        (
            source_function(security_definer=True),
            "it is SECURITY DEFINER: live functions run as their caller",
        ),
        (
            source_function(argument_modes=("i", "o")),
            "it has OUT, INOUT or VARIADIC parameters",
        ),
        (
            source_function(argument_types=("integer", "text")),
            "its parameters are (integer, text), not (args jsonb)",
        ),
        (
            source_function(argument_types=(), argument_names=()),
            "its parameters are (), not (args jsonb)",
        ),
        (
            source_function(argument_types=("json",)),
            "its parameters are (json), not (args jsonb)",
        ),
        (
            source_function(argument_names=("input",)),
            'its parameter is named "input", not named "args"',
        ),
        (
            source_function(argument_names=()),
            'its parameter is not named, not named "args"',
        ),
        (
            source_function(default_count=1),
            "its parameter has a default, which a live function cannot have",
        ),
        (source_function(return_type="text"), "it returns text, not jsonb"),
        (source_function(returns_set=True), "it returns setof jsonb, not jsonb"),
        (
            source_function(is_pointer=True),
            "its body is a pointer, not TypeScript",
        ),
    ],
)
def test_what_is_not_deployable_says_why(function: SourceFunction, reason: str) -> None:
    assert function.skip_reason == reason


def test_args_jsonb_returns_jsonb_is_deployable() -> None:
    assert source_function().skip_reason is None


def test_a_scan_divides_the_schema() -> None:
    deployable = source_function("a")
    trigger = source_function("b", argument_types=(), return_type="trigger")

    found = divide([deployable, trigger])

    assert found.deployable == (deployable,)
    assert found.skipped == (Skipped("b", "its parameters are (), not (args jsonb)"),)


def test_an_empty_schema_is_scanned() -> None:
    assert divide([]).deployable == ()


def test_a_deployable_function_may_not_share_its_name() -> None:
    shared = {"f": ["shop.f(jsonb)", "shop.f(integer)"], "skipped": ["x()", "x(text)"]}

    with pytest.raises(AmbiguousFunction, match=r'the name "f"$') as refused:
        refuse_ambiguous([source_function("a"), source_function("f")], shared)

    assert refused.value.detail == "f: shop.f(jsonb), shop.f(integer)"


def test_all_ambiguous_names_are_reported_together() -> None:
    shared = {name: [f"{name}(jsonb)", f"{name}(integer)"] for name in ("f", "g")}

    with pytest.raises(AmbiguousFunction, match='"f", "g"'):
        refuse_ambiguous([source_function(name) for name in ("f", "g")], shared)


def test_functions_that_are_skipped_anyway_may_share_a_name() -> None:
    scan = divide([source_function("f", argument_types=("integer",))])

    refuse_ambiguous(scan.deployable, {"f": ["f(integer)", "f(text)"]})

    assert len(scan.skipped) == 1
