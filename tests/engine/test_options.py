"""The options of the verbs."""

from __future__ import annotations

import json

import pytest

from stopgap.engine.errors import InvalidOption
from stopgap.engine.options import (
    MakingOptions,
    Options,
    check_keys,
    check_no_options,
    parse_making_options,
)


@pytest.mark.parametrize("text", [None, "{}", '{"prune": null}'])
def test_what_is_not_said_is_left_to_the_settings(text: str | None) -> None:
    given = parse_making_options(text)

    assert given._replace(origin=Options({})) == MakingOptions(prune=None)


@pytest.mark.parametrize(("text", "prune"), [("true", True), ("false", False)])
def test_prune_is_read(text: str, prune: bool) -> None:
    assert parse_making_options(f'{{"prune": {text}}}').prune is prune


@pytest.mark.parametrize("text", ['{"prune": "on"}', '{"prune": 1}', '{"prune": []}'])
def test_prune_must_be_a_boolean(text: str) -> None:
    with pytest.raises(InvalidOption, match="prune"):
        parse_making_options(text)


def test_unknown_options_are_named() -> None:
    with pytest.raises(InvalidOption, match='unknown option "dry", "purge"') as refused:
        parse_making_options('{"purge": true, "prune": true, "dry": 1}')

    assert refused.value.hint == (
        'The options are: "prune", "activate", "if_changed", "allow_empty",'
        ' "provenance", "token".'
    )


@pytest.mark.parametrize("text", ["[]", "1", '"prune"', "null"])
def test_options_must_be_an_object(text: str) -> None:
    with pytest.raises(InvalidOption, match="object"):
        parse_making_options(text)


def test_a_verb_without_options_takes_none() -> None:
    check_no_options(None)
    check_no_options("{}")
    with pytest.raises(InvalidOption) as refused:
        check_no_options('{"prune": true}')

    assert refused.value.hint == "There are no options."


def test_a_value_of_each_type_is_read() -> None:
    options = check_keys(
        {"flag": False, "count": 3, "name": "x", "more": {"a": 1}},
        known=("flag", "count", "name", "more", "missing"),
    )

    assert options.boolean("flag") is False
    assert options.integer("count") == 3
    assert options.text("name") == "x"
    assert options.object("more") == {"a": 1}
    assert options.text("missing") is None


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("boolean", 0),
        ("integer", True),
        ("integer", 1.5),
        ("integer", 2**63),
        ("text", 1),
        ("object", [1]),
    ],
)
def test_a_value_of_another_type_is_refused_and_shown(kind: str, value: object) -> None:
    options = check_keys({"key": value}, known=("key",))

    with pytest.raises(InvalidOption, match='option "key" must be') as refused:
        getattr(options, kind)("key")

    assert refused.value.detail == f"It is {json.dumps(value)}."
