"""The attributes of live functions: comparing, keeping and writing them."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stopgap.engine.attributes import (
    Attributes,
    attributes_from_catalog,
    attributes_from_json,
    changed_attributes,
    render_attributes,
    split_name_list,
)

EVERYTHING = Attributes(
    volatility="stable",
    strict=True,
    parallel="restricted",
    cost=0.1,
    settings=("work_mem=1MB", 'search_path="a b", pg_temp'),
    comment="what\nit's for",
)


def catalog_row(**changes: object) -> dict[str, object]:
    row: dict[str, object] = {
        "volatility": "v",
        "strict": False,
        "parallel": "u",
        "cost": 100.0,
        "settings": None,
    }
    return row | changes


def test_attributes_survive_the_way_through_json() -> None:
    assert attributes_from_json(EVERYTHING.to_json()) == EVERYTHING


def test_a_plain_function_of_the_catalog_has_the_defaults() -> None:
    assert attributes_from_catalog(catalog_row()) == Attributes()


@pytest.mark.parametrize("cost", [0.1, 1.0, 7.1, 100.0, 1e10, 16777217.0])
def test_a_cost_of_the_catalog_reads_as_it_was_written(cost: float) -> None:
    (float4,) = struct.unpack("f", struct.pack("f", cost))

    read = attributes_from_catalog(catalog_row(cost=float4)).cost

    assert struct.pack("f", read) == struct.pack("f", cost)
    assert len(repr(read)) <= len(repr(float4))


@given(st.floats(width=32, min_value=2.0**-100, max_value=2.0**100))
def test_every_cost_is_written_so_that_it_comes_back(cost: float) -> None:
    attributes = attributes_from_catalog(catalog_row(cost=cost))

    written = render_attributes(attributes).split("cost ")[1]

    assert struct.pack("f", float(written)) == struct.pack("f", cost)


def test_what_differs_is_named_as_json_names_it() -> None:
    assert changed_attributes(Attributes(), Attributes()) == []
    assert changed_attributes(Attributes(), EVERYTHING) == [
        "volatility",
        "strict",
        "parallel",
        "cost",
        "set",
        "comment",
    ]


def test_clauses_are_complete_so_that_replacing_resets_what_was_there() -> None:
    assert render_attributes(Attributes()) == (
        "volatile called on null input parallel unsafe cost 100"
    )


@pytest.mark.parametrize(
    ("setting", "clause"),
    [
        ("work_mem=1MB", "set \"work_mem\" to '1MB'"),
        ("my.own=a=b", 'set "my"."own" to \'a=b\''),
        ("DateStyle=ISO, DMY", "set \"DateStyle\" to 'ISO, DMY'"),
        ('search_path=a, "B c"', "set \"search_path\" to 'a', 'B c'"),
        ('search_path=""', "set \"search_path\" to ''"),
        ("search_path=", "set \"search_path\" to ''"),
        ("application_name=it's \\", "set \"application_name\" to  E'it''s \\\\'"),
    ],
)
def test_a_set_clause_is_written_as_it_is_kept(setting: str, clause: str) -> None:
    rendered = render_attributes(Attributes(settings=(setting,)))

    assert rendered.endswith(clause)


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ("", []),
        ("a", ["a"]),
        ("a, b,c", ["a", "b", "c"]),
        ('"a, b", "c""d"', ["a, b", 'c"d']),
        ('""', [""]),
        ("$user, public", ["$user", "public"]),
    ],
)
def test_a_list_of_names_is_split_as_the_server_splits_it(
    value: str, names: list[str]
) -> None:
    assert split_name_list(value) == names


def test_the_parameters_of_set_clauses_are_known() -> None:
    assert EVERYTHING.parameters() == ("work_mem", "search_path")
