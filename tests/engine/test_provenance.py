"""Provenance: what its author may say of a deployment."""

from __future__ import annotations

import json

import pytest

from stopgap.engine.errors import InvalidOption, InvalidProvenance
from stopgap.engine.options import Options
from stopgap.engine.provenance import Origin, check_token, read_origin


def test_texts_and_the_dirty_flag_are_taken_as_they_are() -> None:
    given = {"message": "new prices", "git_dirty": True, "ticket": "A-1"}

    assert read_origin(Options({"provenance": given})).provenance == given


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"message": 1}, '"message" in the provenance must be a string'),
        ({"git_dirty": "yes"}, '"git_dirty" in the provenance must be true or false'),
        ({"nested": {}}, '"nested" in the provenance must be a string'),
        ({"Message": "x"}, 'the key "Message"'),
        ({"": "x"}, 'the key ""'),
        ({"token": "x"}, "the engine's to set"),
        ({"promoted_from": "x"}, "the engine's to set"),
        ({"message": "x" * 20_000}, "bytes, more than 16384"),
    ],
)
def test_anything_else_is_refused(given: dict[str, object], told: str) -> None:
    with pytest.raises(InvalidProvenance, match=told):
        read_origin(Options({"provenance": given}))


def test_provenance_is_an_object() -> None:
    with pytest.raises(InvalidOption, match="must be a JSON object"):
        read_origin(Options({"provenance": "git"}))


@pytest.mark.parametrize("token", [None, "", "a\nb", "x" * 201])
def test_a_token_that_cannot_be_one_is_refused(token: str | None) -> None:
    with pytest.raises(InvalidProvenance, match="token"):
        check_token(token)


def test_what_the_engine_records_stands_beside_what_was_said() -> None:
    origin = Origin({"message": "m"}, token="t")

    assert json.loads(origin.to_json(promoted_from={"env": "a"})) == {
        "message": "m",
        "token": "t",
        "promoted_from": {"env": "a"},
    }
