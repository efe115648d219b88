"""The settings stopgap.*: what may stand in them, and what it means.

They are placeholders to PostgreSQL, which checks nothing: every value is checked
here, and a bad one is an error, never a default.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import NamedTuple

from .errors import InvalidSetting

NAMES = ("live_schema", "default_env", "prune", "log_level", "notify")


class LogLevel(IntEnum):
    """How much the engine says while it works."""

    OFF = 0
    ERROR = 1
    WARN = 2
    INFO = 3
    DEBUG = 4


class Settings(NamedTuple):
    """The settings of one call."""

    live_schema: str | None = None
    default_env: str = "prod"
    prune: bool = False
    log_level: LogLevel = LogLevel.WARN
    notify: bool = True

    def prunes(self, told: bool | None) -> bool:
        """Tell whether a deploy prunes: as it was told, if it was."""
        return self.prune if told is None else told


def parse_settings(raw: Mapping[str, str | None]) -> Settings:
    """Return the settings; what is missing, NULL or '' has its default.

    A placeholder that was set once in a session and reset is '' afterwards.
    """
    given = {name: value for name, value in raw.items() if value}
    defaults = Settings()
    return Settings(
        live_schema=given.get("live_schema"),
        default_env=given.get("default_env", defaults.default_env),
        prune=_boolean("prune", given.get("prune"), default=defaults.prune),
        log_level=_level(given.get("log_level"), default=defaults.log_level),
        notify=_boolean("notify", given.get("notify"), default=defaults.notify),
    )


def _boolean(name: str, value: str | None, *, default: bool) -> bool:
    if value is None:
        return default
    # As parse_bool_with_len() of src/backend/utils/adt/bool.c: unique prefixes count.
    word = value.strip().lower()
    if word in ("on", "1") or any(w.startswith(word) for w in ("true", "yes") if word):
        return True
    if word in ("of", "off", "0") or any(
        w.startswith(word) for w in ("false", "no") if word
    ):
        return False
    raise InvalidSetting(
        f'invalid value for stopgap.{name}: "{value}"',
        hint=f"Say: set stopgap.{name} = on, or off.",
    )


def _level(value: str | None, *, default: LogLevel) -> LogLevel:
    if value is None:
        return default
    try:
        return LogLevel[value.strip().upper()]
    except KeyError:
        levels = ", ".join(level.name.lower() for level in LogLevel)
        raise InvalidSetting(
            f'invalid value for stopgap.log_level: "{value}"',
            hint=f"It is one of: {levels}.",
        ) from None
