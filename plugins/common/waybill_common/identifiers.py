"""SQL identifiers from untrusted names."""

from __future__ import annotations

MAX_BYTES = 63
"""Longest identifier PostgreSQL keeps (NAMEDATALEN - 1); longer ones are cut silently."""


def quote(name: str) -> str:
    """A name as a quoted SQL identifier, any `"` in it doubled.

    Raises:
        ValueError: The name is empty, holds NUL, or is longer than PostgreSQL keeps.
    """
    if not name or "\0" in name:
        msg = f"not a usable identifier: {name!r}"
        raise ValueError(msg)
    if len(name.encode()) > MAX_BYTES:
        msg = f"identifier longer than {MAX_BYTES} bytes: {name!r}"
        raise ValueError(msg)
    return '"' + name.replace('"', '""') + '"'


def qualify(schema: str, name: str) -> str:
    """A schema-qualified, quoted identifier."""
    return f"{quote(schema)}.{quote(name)}"
