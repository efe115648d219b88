"""The engine's refusals: one exception class for each SQLSTATE of the class SG.

The tree, with the SQLSTATEs; `docs/reference/sql.md` lists them for users:

    EngineError
      PermissionRefused   SG0..  who may, and what the owner lacks
      ValidationRefused   SG1..  arguments, options, settings, sources
      StateRefused        SG2..  what the environment is in no state for

What the server itself raises is no refusal of ours: see `database.SqlError`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar


class ErrorClass(StrEnum):
    """Where an error arose; the keys of `error_classes` in the metrics."""

    PERMISSION = "permission"
    VALIDATION = "validation"
    STATE = "state"
    SQL = "sql"
    UNKNOWN = "unknown"


class EngineError(Exception):
    """A refusal, with what the client is told about it."""

    sqlstate: ClassVar[str]
    error_class: ClassVar[ErrorClass]

    def __init__(
        self, message: str, *, detail: str | None = None, hint: str | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.detail = detail
        self.hint = hint


class PermissionRefused(EngineError):
    """The caller, or stopgap_owner, lacks a privilege."""

    error_class = ErrorClass.PERMISSION


class ValidationRefused(EngineError):
    """What was asked for makes no sense."""

    error_class = ErrorClass.VALIDATION


class StateRefused(EngineError):
    """What was asked for makes sense, but not in the state that things are in."""

    error_class = ErrorClass.STATE


class NotDeployer(PermissionRefused):
    """The caller is no member of stopgap_deployer."""

    sqlstate = "SG001"


class SourceSchemaUsageMissing(PermissionRefused):
    """The caller has no USAGE on the source schema."""

    sqlstate = "SG002"


class DatabaseCreateMissing(PermissionRefused):
    """stopgap_owner may not create schemas in this database."""

    sqlstate = "SG003"


class LanguageUsageMissing(PermissionRefused):
    """stopgap_owner has no USAGE on the language plts."""

    sqlstate = "SG004"


class SetClauseNotAllowed(PermissionRefused):
    """stopgap_owner may not set a parameter that a function's SET clause names."""

    sqlstate = "SG005"


class LiveObjectNotOwned(PermissionRefused):
    """A live schema or live function does not belong to stopgap_owner."""

    sqlstate = "SG006"


class SuperuserRequired(PermissionRefused):
    """Only a superuser may do this."""

    sqlstate = "SG007"


class NotReader(PermissionRefused):
    """The caller is no member of stopgap_reader."""

    sqlstate = "SG008"


class NotMaintainer(PermissionRefused):
    """The caller is no member of stopgap_maintainer."""

    sqlstate = "SG009"


class InvalidArgument(ValidationRefused):
    """An argument is NULL, empty or out of range."""

    sqlstate = "SG101"


class InvalidOption(ValidationRefused):
    """An option is unknown, or its value has the wrong type."""

    sqlstate = "SG102"


class InvalidSetting(ValidationRefused):
    """A stopgap setting has a value that it cannot have."""

    sqlstate = "SG103"


class SourceSchemaMissing(ValidationRefused):
    """The source schema does not exist."""

    sqlstate = "SG104"


class SourceSchemaRefused(ValidationRefused):
    """The source schema is a live schema."""

    sqlstate = "SG105"


class LiveSchemaRefused(ValidationRefused):
    """The schema cannot become the live schema of an environment."""

    sqlstate = "SG106"


class AmbiguousFunction(ValidationRefused):
    """A deployable function shares its name with another function of its schema."""

    sqlstate = "SG107"


class CompileFailed(ValidationRefused):
    """TypeScript of the source schema does not compile."""

    sqlstate = "SG108"


class ResultTooLarge(ValidationRefused):
    """The answer would not fit into one jsonb value."""

    sqlstate = "SG109"


class EmptyRefused(ValidationRefused):
    """Nothing would be deployed, or all that is live would be dropped."""

    sqlstate = "SG110"


class InvalidProvenance(ValidationRefused):
    """The provenance, or the token of a deployment, is not of the form it must have."""

    sqlstate = "SG120"


class InvalidFailure(ValidationRefused):
    """The error that a failure is recorded with is not of the form it must have."""

    sqlstate = "SG121"


class BundleMalformed(ValidationRefused):
    """What is to be imported is no bundle, or is damaged."""

    sqlstate = "SG122"


class BundleVersionUnknown(ValidationRefused):
    """The bundle is of a version that this version of stopgap does not read."""

    sqlstate = "SG123"


class BundleAltered(ValidationRefused):
    """The contents of the bundle are not those that its hashes are of."""

    sqlstate = "SG124"


class IsolationRefused(StateRefused):
    """The transaction's isolation level is not READ COMMITTED."""

    sqlstate = "SG201"


class UnknownEnvironment(StateRefused):
    """The environment was never deployed to."""

    sqlstate = "SG202"


class NoActiveDeployment(StateRefused):
    """The environment has no active deployment."""

    sqlstate = "SG203"


class TooFewSteps(StateRefused):
    """The lineage holds fewer deployments than the steps asked for."""

    sqlstate = "SG204"


class UnknownDeployment(StateRefused):
    """The environment has no deployment of this id."""

    sqlstate = "SG205"


class IllegalTransition(StateRefused):
    """A deployment cannot go from its status to the one asked for."""

    sqlstate = "SG206"


class EnvironmentBusy(StateRefused):
    """Another transaction kept the environment's lock for longer than lock_timeout."""

    sqlstate = "SG207"


class ConcurrentChange(StateRefused):
    """Another session changed live functions, or what depends on them, meanwhile."""

    sqlstate = "SG208"


class TooManyLocks(StateRefused):
    """The DDL needs more locks than max_locks_per_transaction allows."""

    sqlstate = "SG209"


class ArtifactMissing(StateRefused):
    """plts.artifact lacks an artifact that a function version names."""

    sqlstate = "SG210"


class LiveFunctionConflict(StateRefused):
    """A live function was changed by hand so that it cannot be replaced."""

    sqlstate = "SG211"


class UnknownLabel(StateRefused):
    """No deployment with this label was ever active in the environment."""

    sqlstate = "SG212"


class RetentionBusy(StateRefused):
    """Deployments are being made or removed, which excludes stopgap.gc()."""

    sqlstate = "SG220"


class Subscribed(StateRefused):
    """The database is sent the tables of stopgap by a subscription."""

    sqlstate = "SG221"


def refusals() -> tuple[type[EngineError], ...]:
    """Return every refusal that has a SQLSTATE, in SQLSTATE order."""
    families = (PermissionRefused, ValidationRefused, StateRefused)
    found = [refusal for family in families for refusal in family.__subclasses__()]
    return tuple(sorted(found, key=lambda refusal: refusal.sqlstate))
