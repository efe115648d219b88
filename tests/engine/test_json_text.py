"""JSON that is put together of texts."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from stopgap.engine.json_text import JsonText, to_json

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(VALUES)
def test_a_value_without_texts_is_written_as_it_is(value: object) -> None:
    assert json.loads(to_json(value)) == value


@given(VALUES, st.text())
def test_texts_are_taken_as_they_are_wherever_they_are(value: object, key: str) -> None:
    text = JsonText(json.dumps(value))

    written = to_json({key: [text, {key: text}], "string": str(text)})

    assert json.loads(written) == {key: [value, {key: value}]} | {"string": str(text)}
