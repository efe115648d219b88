"""What may stand in the settings, and what it means."""

from __future__ import annotations

import pytest

from stopgap.engine.errors import InvalidSetting
from stopgap.engine.settings import NAMES, LogLevel, Settings, parse_settings


@pytest.mark.parametrize("value", [None, ""])
def test_what_is_not_set_has_its_default(value: str | None) -> None:
    settings = parse_settings(dict.fromkeys(NAMES, value))

    assert settings == Settings(
        live_schema=None,
        default_env="prod",
        prune=False,
        log_level=LogLevel.WARN,
        notify=True,
    )


def test_every_setting_is_read() -> None:
    settings = parse_settings(
        {
            "live_schema": "api",
            "default_env": "main",
            "prune": "on",
            "log_level": "debug",
            "notify": "off",
        }
    )

    assert settings == Settings("api", "main", True, LogLevel.DEBUG, False)


@pytest.mark.parametrize("value", ["on", "ON", " true ", "t", "yes", "y", "1"])
def test_truth_is_what_postgresql_takes_for_it(value: str) -> None:
    assert parse_settings({"prune": value}).prune is True


@pytest.mark.parametrize("value", ["off", "of", "False", "f", "no", "n", "0"])
def test_falsehood_is_what_postgresql_takes_for_it(value: str) -> None:
    assert parse_settings({"notify": value}).notify is False


@pytest.mark.parametrize("value", ["o", "2", "enabled", " "])
@pytest.mark.parametrize("name", ["prune", "notify"])
def test_a_bad_boolean_is_an_error(name: str, value: str) -> None:
    with pytest.raises(InvalidSetting, match=rf"stopgap\.{name}"):
        parse_settings({name: value})


@pytest.mark.parametrize("value", ["warning", "5", "verbose"])
def test_a_bad_level_is_an_error_that_lists_the_levels(value: str) -> None:
    with pytest.raises(InvalidSetting) as refused:
        parse_settings({"log_level": value})

    assert refused.value.hint == "It is one of: off, error, warn, info, debug."
