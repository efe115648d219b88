"""Canonical JSON, as RFC 8785 writes it."""

from __future__ import annotations

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from stopgap.engine.canonical import canonical, digest

LIMIT = 2**53 - 1
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-LIMIT, LIMIT) | TEXTS,
    lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner),
)


@given(VALUES)
def test_it_is_what_the_library_of_the_clients_writes(value: object) -> None:
    assert canonical(value).encode() == rfc8785.dumps(value)  # type: ignore[arg-type]


def test_keys_are_sorted_by_utf_16_code_units() -> None:
    assert canonical({"\ufb33": 1, "\U0001f600": 2, "a": 3}) == (
        '{"a":3,"\U0001f600":2,"\ufb33":1}'
    )


@pytest.mark.parametrize("value", [1.5, 2**53, {"a": [0.1]}])
def test_other_numbers_have_no_form(value: object) -> None:
    with pytest.raises(ValueError, match="no canonical form"):
        canonical(value)


def test_a_digest_names_the_value() -> None:
    assert digest({"b": 1, "a": 2}) == digest({"a": 2, "b": 1})
    assert digest({"a": 1}) != digest({"a": 2})
