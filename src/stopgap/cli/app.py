"""The command line's front door: registers the verbs, and turns errors into exit codes.

A verb raises; only `main` here says so to the shell.
"""

from __future__ import annotations

import errno
import os
import signal
import sys
from collections.abc import Callable
from io import TextIOWrapper
from types import FrameType
from typing import NoReturn

import typer

from stopgap import __version__
from stopgap.cli import (
    activate,
    after_restore,
    audit,
    completion,
    demo,
    deploy,
    deployments,
    diff,
    down,
    export_,
    gc,
    import_,
    plan,
    promote,
    psql,
    repair,
    rollback,
    smoke,
    status,
    up,
    verify,
)
from stopgap.cli.options import OUTPUT_VARIABLE, Output
from stopgap.cli.render import output_failed, print_error_human, print_error_json
from stopgap.errors import (
    Interrupted,
    OutputFailed,
    StopgapError,
    Terminated,
    UsageError,
)

_VERBS: dict[str, Callable[..., None]] = {
    "deploy": deploy.deploy,
    "plan": plan.plan,
    "diff": diff.diff,
    "rollback": rollback.rollback,
    "activate": activate.activate,
    "smoke": smoke.smoke,
    "status": status.status,
    "deployments": deployments.deployments,
    "repair": repair.repair,
    "promote": promote.promote,
    "export": export_.export_,
    "import": import_.import_,
    "audit": audit.audit,
    "gc": gc.gc,
    "verify": verify.verify,
    "after-restore": after_restore.after_restore,
    "up": up.up,
    "down": down.down,
    "psql": psql.psql,
    "demo": demo.demo,
    "completion": completion.completion,
}

app = typer.Typer(
    name="stopgap",
    help="TypeScript functions inside PostgreSQL: deploy, compare, roll back.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"stopgap {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: bool = typer.Option(
        False,
        "--version",
        callback=_print_version,
        is_eager=True,
        help="Show the version and exit.",
    ),
) -> None:
    pass


for _name, _verb in _VERBS.items():
    app.command(_name)(_verb)


# Whether SIGTERM came: the parser makes an exit code of every KeyboardInterrupt.
_is_terminated = False


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    is_closed = _open_standard_streams()
    if completion.VARIABLE in os.environ:
        completion.answer(app)
    # One that was ignored on purpose stays so.
    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _terminate)
    for stream in (sys.stdout, sys.stderr):
        # What an encoding lacks must not turn what was done into a failure.
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    given = sys.argv[1:] if arguments is None else arguments
    if is_closed:
        sys.exit(_fail(given, OutputFailed("the standard output is closed")))
    sys.exit(_run(given))


def _open_standard_streams() -> bool:
    """Say whether the output is closed; let no connection become what is closed."""
    is_closed = sys.stdout is None
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(descriptor)
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115 - for as long as we live
    return is_closed


def _terminate(_number: int, _frame: FrameType | None) -> NoReturn:
    """End as Ctrl-C does, which a change under way is prepared for."""
    global _is_terminated
    _is_terminated = True
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    raise KeyboardInterrupt


def _run(given: list[str]) -> int:
    try:
        result = app(given or ["--help"], standalone_mode=False)
        code = result if isinstance(result, int) else 0
        # Typer makes an exit code of Ctrl-C, and says nothing.
        return code if code != Interrupted.exit_code else _fail(given, _interruption())
    except typer.Exit as end:
        return end.exit_code
    except (typer.Abort, KeyboardInterrupt):
        return _fail(given, _interruption())
    except typer.TyperException as error:
        return _fail(given, UsageError(error.format_message()))
    except StopgapError as error:
        return _fail(given, error)
    except SystemExit:
        # Of the help or the version, to a pipe that was closed: the parser ends so.
        return _fail(given, output_failed(BrokenPipeError(errno.EPIPE, "")))


def _interruption() -> Interrupted:
    return Terminated() if _is_terminated else Interrupted()


def _fail(given: list[str], error: StopgapError) -> int:
    if _wants_json(given):
        verb = next((word for word in given if word in _VERBS), None)
        print_error_json(verb, error)
    else:
        print_error_human(error)
    return error.exit_code


def _wants_json(given: list[str]) -> bool:
    """Say whether JSON was asked for, also where the rest cannot be understood."""
    if f"--output={Output.JSON}" in given:
        return True
    if "--output" in given:
        following = given[given.index("--output") + 1 :]
        return following[:1] == [Output.JSON]
    return os.environ.get(OUTPUT_VARIABLE) == Output.JSON
