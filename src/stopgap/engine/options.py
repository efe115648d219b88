"""The options of each verb, as they come in as JSON."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import NamedTuple

from .errors import InvalidOption

JsonObject = Mapping[str, object]

# Options of every verb that makes a deployment; `provenance.read_origin` reads them.
ORIGIN_KEYS = ("provenance", "token")


class Options(NamedTuple):
    """Options whose keys are known; a key that is missing or null is None."""

    values: JsonObject

    def boolean(self, key: str) -> bool | None:
        """Return a value that is true or false."""
        value = self.values.get(key)
        if value is None or isinstance(value, bool):
            return value
        raise self._refused(key, "true or false")

    def integer(self, key: str) -> int | None:
        """Return a whole number that a bigint holds; JSON's true is none."""
        value = self.values.get(key)
        if value is None:
            return None
        if isinstance(value, int) and not isinstance(value, bool):
            if -(2**63) <= value < 2**63:
                return value
            raise self._refused(key, "a bigint")
        raise self._refused(key, "a whole number")

    def text(self, key: str) -> str | None:
        """Return a string."""
        value = self.values.get(key)
        if value is None or isinstance(value, str):
            return value
        raise self._refused(key, "a string")

    def object(self, key: str) -> JsonObject | None:
        """Return a JSON object."""
        value = self.values.get(key)
        if value is None or isinstance(value, dict):
            return value
        raise self._refused(key, "a JSON object")

    def _refused(self, key: str, wanted: str) -> InvalidOption:
        return InvalidOption(
            f'option "{key}" must be {wanted}',
            detail=f"It is {json.dumps(self.values[key], ensure_ascii=False)}.",
        )


class MakingOptions(NamedTuple):
    """What a verb that makes a deployment was told."""

    label: str | None = None
    # None leaves the choice to the settings.
    prune: bool | None = None
    # Off: the deployment is sealed, for stopgap.activate() to make it active.
    activate: bool = True
    # Make no new deployment where it would be what is active already.
    if_changed: bool = False
    # Deploy nothing, or drop all there is, where that is what it comes to.
    allow_empty: bool = False
    # For provenance.read_origin().
    origin: Options = Options({})


def parse_making_options(
    text: str | None,
    *,
    known: Collection[str] = ("prune", "activate", "if_changed", "allow_empty"),
) -> MakingOptions:
    """Return the options of a deploy, or of a verb with others; NULL means none."""
    options = parse_options(text, known=(*known, *ORIGIN_KEYS))
    return MakingOptions(
        label=options.text("label"),
        prune=options.boolean("prune"),
        activate=options.boolean("activate") is not False,
        if_changed=options.boolean("if_changed") is True,
        allow_empty=options.boolean("allow_empty") is True,
        origin=options,
    )


def check_no_options(text: str | None) -> None:
    """Refuse any option, for a verb that has none."""
    parse_options(text, known=())


def parse_options(text: str | None, *, known: Collection[str]) -> Options:
    """Return options of these keys, or refuse others; NULL means none."""
    options = json.loads(text) if text is not None else {}
    if not isinstance(options, dict):
        raise InvalidOption(
            "options must be a JSON object", hint="For example: '{\"prune\": true}'."
        )
    return check_keys(options, known=known)


def check_keys(options: JsonObject, *, known: Collection[str]) -> Options:
    """Return options of these keys, or refuse others."""
    unknown = sorted(set(options) - set(known))
    if unknown:
        listed = ", ".join(f'"{key}"' for key in unknown)
        choice = ", ".join(f'"{key}"' for key in known)
        raise InvalidOption(
            f"unknown option {listed}",
            hint=f"The options are: {choice}." if choice else "There are no options.",
        )
    return Options(options)
