"""Says in words of the command line what the engine says in SQL: its hints.

The engine speaks to whoever calls its functions; here the same is done by a verb.
"""

from __future__ import annotations

import re
import shlex

from stopgap.cli.place import with_place

_LITERAL = r" ?E?'(?:[^']|'')*'"
_CALL = re.compile(
    r"(?:\bselect )?\bstopgap\.(?P<name>[a-z_]+)"
    rf"\((?P<arguments>(?:{_LITERAL}|[^'()])*)\);?"
)
_ARGUMENT = re.compile(rf"(?P<literal>{_LITERAL})|(?P<number>-?\d+)")
_VERBS = {
    "activate": "activate",
    "after_restore": "after-restore",
    "deploy": "deploy",
    "deployments": "deployments",
    "export_deployment": "export",
    "gc": "gc",
    "import_deployment": "import",
    "promote": "promote",
    "repair": "repair",
    "rollback": "rollback",
    "status": "status",
    "verify": "verify",
}
_OPTIONS = re.compile(r"(?:use )?the option [a-z_]+ \((?P<option>--[a-z-]+)\)")


def as_commands(text: str) -> str:
    """Return a hint with commands in place of SQL functions, about this database."""
    text = _CALL.sub(_command, text)
    return with_place(_OPTIONS.sub(r"say \g<option>", text))


def _command(match: re.Match[str]) -> str:
    verb = _VERBS.get(match["name"])
    if verb is None:
        return match[0]
    words = [verb]
    for argument in _ARGUMENT.finditer(match["arguments"]):
        if argument["literal"]:
            words += ["--env", shlex.quote(_text(argument["literal"]))]
        else:
            words.append(argument["number"])
    return f"`stopgap {' '.join(words)}`"


def _text(literal: str) -> str:
    """Return what a literal of the engine's says, see its quote_literal()."""
    quoted = literal.strip()
    text = quoted[quoted.index("'") + 1 : -1].replace("''", "'")
    return text.replace("\\\\", "\\") if quoted.startswith("E") else text
