"""Records what a deploy or an import failed with, for the history to show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

from stopgap import Client
from stopgap.errors import ConnectionFailed, DatabaseError, SmokeFailed, StopgapError

# Who may not deploy may not record either; who waited for the lock in vain would wait
# again: SQLSTATEs of PostgreSQL and of the engine.
_UNRECORDED = frozenset({"42501", "55P03", "SG001", "SG207"})


@contextmanager
def recorded_failure(
    client: Client,
    env: str,
    from_schema: str | None,
    label: str | None,
    provenance: Mapping[str, object],
) -> Iterator[None]:
    """Record a refusal in a second transaction, and let it go on.

    Not one whose outcome is unknown: the deployment may be there. Nor one of a source
    schema that nobody knows.
    """
    try:
        yield
    except (ConnectionFailed, DatabaseError, SmokeFailed) as error:
        refused = isinstance(error, DatabaseError) and error.sqlstate in _UNRECORDED
        if from_schema is not None and not refused:
            # What keeps the record from being made is not what went wrong.
            with suppress(StopgapError):
                error.failed_deployment_id = client.record_failure(
                    env,
                    from_schema=from_schema,
                    error=error,
                    label=label,
                    provenance=provenance,
                )
        raise
