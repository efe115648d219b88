"""The options of the verbs."""

from __future__ import annotations

import pytest

from stopgap.engine.errors import InvalidOption
from stopgap.engine.options import (
    DeployOptions,
    check_no_options,
    parse_deploy_options,
)


@pytest.mark.parametrize("text", [None, "{}", '{"prune": null}'])
def test_what_is_not_said_is_left_to_the_settings(text: str | None) -> None:
    assert parse_deploy_options(text) == DeployOptions(prune=None)


@pytest.mark.parametrize(("text", "prune"), [("true", True), ("false", False)])
def test_prune_is_read(text: str, prune: bool) -> None:
    assert parse_deploy_options(f'{{"prune": {text}}}').prune is prune


@pytest.mark.parametrize("text", ['{"prune": "on"}', '{"prune": 1}', '{"prune": []}'])
def test_prune_must_be_a_boolean(text: str) -> None:
    with pytest.raises(InvalidOption, match="prune"):
        parse_deploy_options(text)


def test_unknown_options_are_named() -> None:
    with pytest.raises(InvalidOption, match='unknown option "dry", "purge"') as refused:
        parse_deploy_options('{"purge": true, "prune": true, "dry": 1}')

    assert refused.value.hint == 'The options are: "prune".'


@pytest.mark.parametrize("text", ["[]", "1", '"prune"', "null"])
def test_options_must_be_an_object(text: str) -> None:
    with pytest.raises(InvalidOption, match="object"):
        parse_deploy_options(text)


def test_a_verb_without_options_takes_none() -> None:
    check_no_options(None)
    check_no_options("{}")
    with pytest.raises(InvalidOption) as refused:
        check_no_options('{"prune": true}')

    assert refused.value.hint == "There are no options."
