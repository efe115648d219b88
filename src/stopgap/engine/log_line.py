"""Lines of the server's log: one for each activation and each refusal.

They are `key=value` pairs in an order that stays, to be read by people and by whatever
collects logs. A value with anything but plain characters in it is a JSON string, so
that a line stays one line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from .database import Severity
from .errors import ErrorClass
from .json_text import quote
from .outcome import Outcome
from .session import Caller, Session

_PLAIN = re.compile(r"[A-Za-z0-9_.:/@+-]+")


def log_activation(session: Session, env: str, action: str, outcome: Outcome) -> None:
    """Log what became of an environment; nothing where nothing was activated."""
    if outcome.activation_id is None:
        return
    pairs = {
        "activation": outcome.activation_id,
        "action": action,
        "env": env,
        "from": outcome.from_deployment_id,
        "to": outcome.deployment_id,
        "changed": outcome.changed,
        **_who(session.caller),
        "created": outcome.created,
        "replaced": outcome.replaced,
        "dropped": outcome.dropped,
        "kept": outcome.kept,
        "hand_edits": len(outcome.hand_edits),
        **_seconds(session.seconds.report()),
    }
    session.database.say(Severity.LOG, render_line(pairs))


def refusal_line(
    action: str,
    env: str | None,
    caller: Caller | None,
    error_class: ErrorClass,
    sqlstate: str,
    message: str,
    seconds: Mapping[str, float],
) -> str:
    """Return the line of a verb that was refused."""
    return render_line(
        {
            "refused": sqlstate,
            "action": action,
            "env": env,
            **({} if caller is None else _who(caller)),
            "class": error_class.value,
            "message": message,
            **_seconds(seconds),
        }
    )


def render_line(pairs: Mapping[str, object]) -> str:
    """Return a line; what is None is left out as unknown."""
    found = " ".join(
        f"{key}={_rendered(value)}" for key, value in pairs.items() if value is not None
    )
    return f"stopgap: {found}"


def _who(caller: Caller) -> dict[str, object]:
    return {"by": caller.session_role, "as": caller.role}


def _seconds(report: Mapping[str, float]) -> dict[str, object]:
    return {f"{phase}_s": f"{seconds:.3f}" for phase, seconds in report.items()}


def _rendered(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = str(value)
    if _PLAIN.fullmatch(text):
        return text
    # Line ends of Unicode too, which JSON lets stand.
    return re.sub(
        "[\x7f-\x9f\u2028\u2029]", lambda found: f"\\u{ord(found[0]):04x}", quote(text)
    )
