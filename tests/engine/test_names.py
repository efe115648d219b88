"""Quoting, environments' names and live schemas' names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stopgap.engine.errors import InvalidArgument, LiveSchemaRefused
from stopgap.engine.names import (
    MAX_IDENTIFIER_BYTES,
    check_env,
    check_live_schema_name,
    check_schema_argument,
    live_schema_for,
    quote_identifier,
    quote_literal,
    shorten,
)


def test_an_identifier_keeps_its_quotes_doubled() -> None:
    assert quote_identifier('a"b') == '"a""b"'


@pytest.mark.parametrize(
    ("text", "literal"),
    [
        ("plain", "'plain'"),
        ("it's", "'it''s'"),
        ("$$ and %", "'$$ and %'"),
        ("back\\slash", " E'back\\\\slash'"),
        ("\\'", " E'\\\\'''"),
        ("", "''"),
    ],
)
def test_a_literal_is_safe_with_and_without_standard_conforming_strings(
    text: str, literal: str
) -> None:
    assert quote_literal(text) == literal


@pytest.mark.parametrize("env", ["prod", "Ünïcode", "a b", 'quo"te', "%", "x" * 255])
def test_an_environment_may_have_any_printable_name(env: str) -> None:
    assert check_env(env) == env


@pytest.mark.parametrize(
    "env", [None, "", " ", " a", "a ", "a\nb", "\x1b[1m", "é" * 128]
)
def test_an_environment_without_a_sensible_name_is_refused(env: str | None) -> None:
    with pytest.raises(InvalidArgument):
        check_env(env)


@pytest.mark.parametrize("schema", [None, ""])
def test_a_schema_argument_must_say_something(schema: str | None) -> None:
    with pytest.raises(InvalidArgument, match="from_schema"):
        check_schema_argument(schema, "from_schema")


def test_the_default_environment_has_the_short_name() -> None:
    schema = live_schema_for("prod", default_env="prod", setting=None)

    assert schema == "live_deployment"


def test_other_environments_have_their_name_in_it() -> None:
    schema = live_schema_for("staging", default_env="prod", setting=None)

    assert schema == "live_deployment_staging"


def test_the_setting_wins() -> None:
    assert live_schema_for("prod", default_env="prod", setting="api") == "api"


def test_a_long_name_is_cut_and_ends_with_a_hash() -> None:
    name = "live_deployment_" + "x" * 60

    short = shorten(name)

    assert len(short) == MAX_IDENTIFIER_BYTES
    assert short.startswith("live_deployment_xxxx")
    assert short != shorten(name + "y")


def test_a_name_that_fits_is_left_alone() -> None:
    assert shorten("x" * 63) == "x" * 63


@given(st.text(min_size=1, max_size=100))
def test_a_cut_name_always_fits_and_never_splits_a_character(name: str) -> None:
    short = shorten(name.encode(errors="ignore").decode())

    assert len(short.encode()) <= MAX_IDENTIFIER_BYTES


@pytest.mark.parametrize(
    "schema", ["pg_catalog", "pg_mine", "information_schema", "public", "x" * 64]
)
def test_reserved_and_overlong_live_schemas_are_refused(schema: str) -> None:
    with pytest.raises(LiveSchemaRefused):
        check_live_schema_name(schema)


@pytest.mark.parametrize("schema", ["live", "Public", "x" * 63, "pgx"])
def test_other_live_schemas_are_left_to_the_catalog(schema: str) -> None:
    check_live_schema_name(schema)
