"""Names: quoting for SQL, and the live schema that an environment gets."""

from __future__ import annotations

from .errors import InvalidArgument, LiveSchemaRefused

# NAMEDATALEN - 1, in bytes: what PostgreSQL keeps of an identifier.
MAX_IDENTIFIER_BYTES = 63
# Keeps an environment's name printable in one line, and a notification's payload
# far below the 8,000 bytes that it may have.
MAX_ENV_BYTES = 255

DEFAULT_LIVE_SCHEMA = "live_deployment"
_RESERVED_SCHEMAS = frozenset({"information_schema", "public"})
_HASH_DIGITS = 8


def quote_identifier(name: str) -> str:
    """Return the name as a quoted SQL identifier, whatever is in it."""
    return '"' + name.replace('"', '""') + '"'


def quote_parameter(name: str) -> str:
    """Return the name of a setting, with or without a prefix, quoted for SQL."""
    return ".".join(quote_identifier(part) for part in name.split("."))


def quote_literal(text: str) -> str:
    """Return the text as a SQL literal.

    A backslash gets the E'' form, which means the same whether or not the session
    that calls has standard_conforming_strings on.
    """
    quoted = "'" + text.replace("'", "''") + "'"
    if "\\" not in quoted:
        return quoted
    return " E" + quoted.replace("\\", "\\\\")


def check_env(env: str | None) -> str:
    """Return the environment's name, or refuse one that cannot name any."""
    if env is None:
        raise InvalidArgument("env must not be NULL", hint="Name an environment.")
    if not env or env != env.strip():
        raise InvalidArgument(
            "env must not be empty, nor begin or end with white space",
            detail=f'It is "{env}".',
        )
    if not env.isprintable():
        raise InvalidArgument("env must not contain control characters")
    if len(env.encode()) > MAX_ENV_BYTES:
        raise InvalidArgument(
            f"env must not be longer than {MAX_ENV_BYTES} bytes",
            detail=f"It has {len(env.encode())}.",
        )
    return env


def check_schema_argument(schema: str | None, argument: str) -> str:
    """Return a schema's name, or refuse one that no schema can have."""
    if not schema:
        raise InvalidArgument(
            f"{argument} must not be NULL or empty", hint="Name a schema."
        )
    return schema


def shorten(name: str) -> str:
    """Return the name, cut to an identifier's length and ended with its hash.

    Names that differ only past the cut stay different.
    """
    encoded = name.encode()
    if len(encoded) <= MAX_IDENTIFIER_BYTES:
        return name
    # Not loaded for verbs that need no hash.
    import hashlib

    digest = hashlib.sha256(encoded).hexdigest()[:_HASH_DIGITS]
    kept = encoded[: MAX_IDENTIFIER_BYTES - _HASH_DIGITS - 1]
    return f"{kept.decode(errors='ignore')}_{digest}"


def live_schema_for(env: str, *, default_env: str, setting: str | None) -> str:
    """Return the live schema of an environment that is about to be created."""
    if setting is not None:
        return setting
    if env == default_env:
        return DEFAULT_LIVE_SCHEMA
    return shorten(f"{DEFAULT_LIVE_SCHEMA}_{env}")


def check_live_schema_name(schema: str) -> None:
    """Refuse a live schema by its name alone; the catalog has a say afterwards."""
    if len(schema.encode()) > MAX_IDENTIFIER_BYTES:
        raise LiveSchemaRefused(
            f'live schema "{schema}" is longer than {MAX_IDENTIFIER_BYTES} bytes',
            hint="Choose a shorter name for stopgap.live_schema.",
        )
    if schema.startswith("pg_") or schema in _RESERVED_SCHEMAS:
        raise LiveSchemaRefused(
            f'schema "{schema}" cannot be a live schema',
            detail="PostgreSQL's own schemas and public are not the engine's.",
            hint="Choose another name with stopgap.live_schema.",
        )
