"""Every verb of the previous release: it says what is to be done instead."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

import plpy  # The server's own.


def __getattr__(verb: str) -> Callable[..., NoReturn]:
    if verb.startswith("__"):
        raise AttributeError(verb)

    def refuse(*_: object) -> NoReturn:
        # PL/Python writes module and class before the message, as "stopgap.deploy: ".
        named = type(verb, (plpy.Error,), {"__module__": "stopgap"})
        error: Any = named("this database has not been updated to this stopgap")
        error.sqlstate = "58P01"
        error.detail = (
            "The extension is of version @PREVIOUS@, and the server has @VERSION@."
        )
        error.hint = (
            "As a superuser: alter extension plts update;"
            " alter extension stopgap update;"
        )
        raise error

    return refuse
