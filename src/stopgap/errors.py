"""The exceptions of the package; what each one means to the shell is its exit code.

StopgapError
├── UsageError            the request itself is wrong
├── ServerError           a local server cannot be built, started or stopped
├── ConnectionFailed      there is no connection to the database
├── DatabaseError         the database refused
│   └── CompileError      it refused because of the TypeScript, with diagnostics
├── UndecodableAnswer     the database's answer is not of the agreed form
├── OutputFailed          the answer could not be written
├── NotInitialized        the database has no stopgap
├── OutcomeUnknown        the connection broke during COMMIT
├── SmokeFailed           smoke tests failed, and with them the deploy
├── Interrupted           by a signal, as of Ctrl-C
│   └── Terminated        by SIGTERM, as of a supervisor
└── BundleRefused         a bundle's file cannot be read, or its signature is not good
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from stopgap.results import Diagnostic
    from stopgap.smoke import Failure


class StopgapError(Exception):
    """Something went wrong."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str | None = None, *, hint: str | None = None) -> None:
        super().__init__(message or (type(self).__doc__ or "").rstrip("."))
        self.hint = hint
        # Where the history keeps it, for a deploy whose failure was recorded.
        self.failed_deployment_id: int | None = None

    @property
    def message(self) -> str:
        """The error in one line."""
        return str(self)


class UsageError(StopgapError):
    """The command line is not understood."""

    exit_code = 2


class ServerError(StopgapError):
    """The local server failed."""


class ConnectionFailed(StopgapError):
    """Cannot connect to the database."""

    exit_code = 10


class DatabaseError(StopgapError):
    """The database refused."""

    exit_code = 11

    def __init__(
        self,
        message: str | None = None,
        *,
        sqlstate: str | None = None,
        detail: str | None = None,
        hint: str | None = None,
        context: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.sqlstate = sqlstate
        self.detail = detail
        self.context = context


class CompileError(DatabaseError):
    """The functions do not compile."""

    def __init__(
        self,
        message: str | None = None,
        *,
        diagnostics: tuple[Diagnostic, ...],
        sqlstate: str | None = None,
        detail: str | None = None,
        hint: str | None = None,
        context: str | None = None,
    ) -> None:
        super().__init__(
            message, sqlstate=sqlstate, detail=detail, hint=hint, context=context
        )
        self.diagnostics = diagnostics


class UndecodableAnswer(StopgapError):
    """The database's answer is not understood."""

    exit_code = 12


class OutputFailed(StopgapError):
    """The output could not be written."""

    exit_code = 13


class NotInitialized(StopgapError):
    """The database has no stopgap."""

    exit_code = 14


class OutcomeUnknown(StopgapError):
    """The connection broke during COMMIT, so the outcome is unknown."""

    exit_code = 15


class SmokeFailed(StopgapError):
    """Smoke tests failed: nothing was deployed."""

    exit_code = 16

    def __init__(self, message: str, *, failures: tuple[Failure, ...]) -> None:
        super().__init__(message, hint="nothing was changed")
        self.failures = failures


class Interrupted(StopgapError):
    """Interrupted."""

    exit_code = 130

    def __init__(self) -> None:
        super().__init__(
            hint="a change that was under way may have been made: `stopgap audit` and"
            " `stopgap status` show it"
        )


class Terminated(Interrupted):
    """Ended by SIGTERM."""

    exit_code = 143


class BundleRefused(StopgapError):
    """The file of a bundle is not what it must be."""

    exit_code = 17
