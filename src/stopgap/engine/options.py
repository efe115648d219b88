"""The options of each verb, as they come in as JSON."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from .errors import InvalidOption

JsonObject = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class DeployOptions:
    """What a deploy was told; None leaves the choice to the settings."""

    prune: bool | None = None


def parse_deploy_options(text: str | None) -> DeployOptions:
    """Return the options of a deploy; NULL means none."""
    options = _parse(text, known=("prune",))
    return DeployOptions(prune=_boolean(options, "prune"))


def check_no_options(text: str | None) -> None:
    """Refuse any option, for a verb that has none."""
    _parse(text, known=())


def _parse(text: str | None, *, known: Collection[str]) -> JsonObject:
    options = json.loads(text) if text is not None else {}
    if not isinstance(options, dict):
        raise InvalidOption(
            "options must be a JSON object", hint="For example: '{\"prune\": true}'."
        )
    unknown = sorted(set(options) - set(known))
    if unknown:
        listed = ", ".join(f'"{key}"' for key in unknown)
        choice = ", ".join(f'"{key}"' for key in known)
        raise InvalidOption(
            f"unknown option {listed}",
            hint=f"The options are: {choice}." if choice else "There are no options.",
        )
    return options


def _boolean(options: JsonObject, key: str) -> bool | None:
    value = options.get(key)
    if value is None or isinstance(value, bool):
        return value
    raise InvalidOption(
        f'option "{key}" must be true or false', detail=f"It is {json.dumps(value)}."
    )
