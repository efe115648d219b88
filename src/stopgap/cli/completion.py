"""stopgap completion: what lets a shell complete the command line."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import Annotated

import typer

from stopgap.cli.render import print_human

# A shell asks for completions by it, and by others that say what was typed.
VARIABLE = "_STOPGAP_COMPLETE"
_PROGRAM = "stopgap"


class Shell(StrEnum):
    """A shell that can be helped."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


def completion(
    shell: Annotated[Shell, typer.Argument(metavar="bash|zsh|fish")],
) -> None:
    """Print what lets a shell complete verbs and options.

    Bash: `eval "$(stopgap completion bash)"`, also in ~/.bashrc. Zsh the same, behind
    compinit. Fish: `stopgap completion fish | source`.
    """
    # Read only where it is needed: every command would pay for it.
    from typer.completion import (  # type: ignore[attr-defined]
        completion_init,
        get_completion_script,
    )

    completion_init()
    print_human(
        get_completion_script(
            prog_name=_PROGRAM, complete_var=VARIABLE, shell=shell.value
        )
    )


def answer(app: typer.Typer) -> None:
    """Tell a shell how what was typed goes on, and exit."""
    from typer.completion import completion_init  # type: ignore[attr-defined]

    completion_init()
    app(prog_name=_PROGRAM)
    sys.exit()
