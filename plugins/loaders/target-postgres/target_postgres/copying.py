"""COPY from chunks of bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    import psycopg


def copy(connection: psycopg.Connection[Any], statement: str, chunks: Iterable[bytes]) -> int:
    """Send a COPY its data.

    Returns:
        How many rows landed.

    Raises:
        psycopg.Error: PostgreSQL refuses it, and none did.
    """
    with connection.cursor() as cursor:
        with cursor.copy(statement) as running:
            for data in chunks:
                running.write(data)
        return cursor.rowcount
