"""Landing the good rows of what COPY has refused as a whole."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import psycopg

from target_postgres import copying

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from target_postgres.rows import Row

REFUSALS = (psycopg.DataError, psycopg.errors.NotNullViolation, psycopg.errors.CheckViolation)
"""What PostgreSQL says of a single row."""

_CHUNK_BYTES = 1 << 20
_FEWEST = 16
_LINE = re.compile(r"^COPY [^,]+, \w+ (\d+)(?:, \w+ (.*?)(?::|$))?", re.MULTILINE | re.DOTALL)


def place_of(error: psycopg.Error) -> tuple[int | None, str | None]:
    """Line and column of which an error of COPY speaks, as far as it does."""
    found = _LINE.search(error.diag.context or "")
    if not found:
        return None, error.diag.column_name
    return int(found[1]), found[2] or error.diag.column_name


def land(
    connection: psycopg.Connection[Any],
    statement: str,
    rows: Iterable[Row],
    refuse: Callable[[Row, psycopg.Error], None],
    *,
    frame: tuple[bytes, bytes] = (b"", b""),
) -> Iterator[int]:
    """Copy rows, leaving out each that PostgreSQL refuses by itself.

    Args:
        connection: The warehouse, inside a transaction.
        statement: The COPY.
        rows: What it was refused for.
        refuse: Told of each row that is left out.
        frame: What the format has before and after its rows.

    Yields:
        How many rows landed, for each part of them.
    """
    for chunk in _chunks(rows):
        yield from _land_chunk(connection, statement, chunk, refuse, frame)


def copy(
    connection: psycopg.Connection[Any], statement: str, chunks: Iterable[bytes]
) -> tuple[int, psycopg.Error | None]:
    """Run a COPY in a savepoint of its own.

    Returns:
        How many rows landed, and why none did.
    """
    try:
        with connection.transaction():
            return copying.copy(connection, statement, chunks), None
    except REFUSALS as error:
        return 0, error


def _land_chunk(
    connection: psycopg.Connection[Any],
    statement: str,
    rows: Sequence[Row],
    refuse: Callable[[Row, psycopg.Error], None],
    frame: tuple[bytes, bytes],
) -> Iterator[int]:
    at, size, then = 0, len(rows), 0
    while at < len(rows):
        part = rows[at : at + size]
        count, error = copy(
            connection, statement, [frame[0], *(row.data for row in part), frame[1]]
        )
        if error is None:
            yield count
            at += len(part)
            size, then = then or max(_FEWEST, size * 4), 0
        elif len(part) == 1:
            # Only a row that is refused on its own is left out, whatever the error said before.
            refuse(part[0], error)
            at += 1
            size, then = _FEWEST, 0
        else:
            size, then = _good_before(part, error), 1


def _good_before(rows: Sequence[Row], error: psycopg.Error) -> int:
    """How many rows to try next: those before the one at fault, or that one alone."""
    line, _ = place_of(error)
    if line is None:
        return len(rows) // 2
    last = 0
    for index, row in enumerate(rows):
        last += row.lines
        if last >= line:
            return max(index, 1)
    return len(rows) // 2


def _chunks(rows: Iterable[Row]) -> Iterator[list[Row]]:
    chunk: list[Row] = []
    size = 0
    for row in rows:
        chunk.append(row)
        size += len(row.data)
        if size >= _CHUNK_BYTES:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk
