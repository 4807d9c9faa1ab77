"""COPY … TO STDOUT, read in blocks: row by row through psycopg it costs half as much again."""

from __future__ import annotations

import select
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import pq

if TYPE_CHECKING:
    from collections.abc import Iterator

    from psycopg.abc import Buffer

BLOCK_BYTES = 32 << 10
"""Size of a block; one row more when a row is larger. Small, so that a block's rows, each an object
with memory of its own, stay in a processor's cache until they are joined: half of the time of a read."""

_MILLISECONDS = 1000
"""Then it is looked for what TLS may hold that the socket does not show."""


def blocks(connection: psycopg.Connection[Any], statement: str) -> Iterator[list[Buffer]]:
    """The messages of a COPY TO STDOUT.

    The connection is closed if the reader stops before the end, as the rest would still arrive.

    Args:
        connection: It must be in a transaction.
        statement: The whole COPY statement.

    Yields:
        Messages of about `BLOCK_BYTES` together: as text each is one row with its line end; in
        binary the header comes with the first row, and the trailer is a message of its own.

    Raises:
        psycopg.Error: The server refuses, or has broken off.
    """
    pgconn = connection.pgconn
    is_done = False
    try:
        pgconn.send_query(statement.encode())
        ready = select.poll()
        ready.register(pgconn.socket, select.POLLIN)
        _expect(_result(pgconn, ready), pq.ExecStatus.COPY_OUT)
        block: list[Buffer] = []
        size = 0
        read = pgconn.get_copy_data
        while True:
            length, message = read(1)
            if length > 0:
                block.append(message)
                size += length
                if size >= BLOCK_BYTES:
                    yield block
                    block, size = [], 0
            elif length == 0:
                ready.poll(_MILLISECONDS)
                pgconn.consume_input()
            else:
                break
        while (result := _result(pgconn, ready)) is not None:
            _expect(result, pq.ExecStatus.COMMAND_OK)
        is_done = True
        if block:
            yield block
    finally:
        if not is_done:
            connection.close()


def _result(pgconn: pq.abc.PGconn, ready: select.poll) -> pq.abc.PGresult | None:
    while pgconn.is_busy():
        ready.poll(_MILLISECONDS)
        pgconn.consume_input()
    return pgconn.get_result()


def _expect(result: pq.abc.PGresult | None, status: pq.ExecStatus) -> None:
    if result is None or result.status != status:
        if result is None or result.status != pq.ExecStatus.FATAL_ERROR:
            msg = "the server has answered COPY by something else"
            raise psycopg.OperationalError(msg)
        raise psycopg.errors.error_from_result(result)
