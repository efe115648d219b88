"""The query files: how they are read, and that each one is whole."""

from __future__ import annotations

import pytest

from stopgap.engine.queries import load_query, parse_query, query_names

TEXT = """-- What it answers.
-- parameters: env text, ids bigint[]
-- parameters: at timestamptz
select ids::text -- not this: :env
from t where env = :env and id = any (:ids) and other = :env and at = :at;
"""


def test_parameters_are_numbered_in_the_order_of_their_declaration() -> None:
    query = parse_query("q", TEXT)

    assert query.names == ("env", "ids", "at")
    assert query.types == ("text", "bigint[]", "timestamptz")
    assert "env = $1 and id = any ($2) and other = $1 and at = $3" in query.text
    assert "ids::text" in query.text
    assert not query.text.endswith(";")


def test_arguments_are_put_in_order() -> None:
    query = parse_query("q", TEXT)

    assert query.arguments({"at": 3, "ids": 2, "env": 1}) == [1, 2, 3]


@pytest.mark.parametrize("values", [{"env": 1}, {"env": 1, "ids": 2, "at": 3, "x": 4}])
def test_missing_and_extra_arguments_are_errors(values: dict[str, object]) -> None:
    with pytest.raises(TypeError, match="query q"):
        parse_query("q", TEXT).arguments(values)


@pytest.mark.parametrize("name", query_names())
def test_every_query_says_what_it_answers_and_uses_what_it_declares(name: str) -> None:
    query = load_query(name)

    for number in range(1, len(query.names) + 1):
        assert f"${number}" in query.text
    assert f"${len(query.names) + 1}" not in query.text
