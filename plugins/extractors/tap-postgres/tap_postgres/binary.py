"""COPY's binary format: which types may travel in it, and how one stream of it is cut into files.

Source of the format: https://www.postgresql.org/docs/current/sql-copy.html#id-1.9.3.55.9.4
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from psycopg.abc import Buffer

_SIGNATURE = b"PGCOPY\n\xff\r\n\0"
_FIXED = len(_SIGNATURE) + 8
HEADER = _SIGNATURE + bytes(8)
"""No flags, no extension."""
TRAILER = b"\xff\xff"

_TYPES = frozenset(
    {
        *("smallint", "integer", "bigint", "real", "double precision", "numeric", "boolean"),
        *("text", "character varying", "character", "bpchar", "bytea", "bit", "bit varying"),
        *("date", "time", "timestamp", "interval", "uuid", "json", "jsonb"),
        *("inet", "cidr", "macaddr", "macaddr8", "pg_lsn"),
        *("point", "line", "lseg", "box", "path", "polygon", "circle"),
        *("int4range", "int8range", "numrange", "tsrange", "tstzrange", "daterange"),
        *("int4multirange", "int8multirange", "nummultirange"),
        *("tsmultirange", "tstzmultirange", "datemultirange"),
    }
)
_BASE = re.compile(r"(?P<name>[a-z0-9_]+(?: (?:precision|varying))?)(?:\(.*\))?(?: .*)?(?:\[\])?")


def carries(sql_type: str) -> bool:
    """Whether the binary form of a canonical type is the same on every server, elements too.

    Text search vectors are sorted as the server that reads them likes it, so they go as text.
    """
    match = _BASE.fullmatch(sql_type)
    return match is not None and match["name"] in _TYPES


def rows(blocks: Iterable[list[Buffer]]) -> Iterator[list[Buffer]]:
    """Blocks of messages without the header and the trailer: one message is one row.

    Raises:
        WaybillError: It is not the format that is known here.
    """
    is_first = True
    for block in blocks:
        if is_first:
            is_first = False
            if rest := _without_header(bytes(block[0])):
                block[0] = rest
            else:
                del block[0]
        if block and block[-1] == TRAILER:
            del block[-1]
        if block:
            yield block


def _without_header(message: bytes) -> bytes:
    flags = message[len(_SIGNATURE) : len(_SIGNATURE) + 4]
    if not message.startswith(_SIGNATURE) or flags != bytes(4):
        msg = "The source's binary COPY begins in a way that is not known here."
        raise WaybillError(msg, "Set `mode` to record.")
    extension = int.from_bytes(message[len(_SIGNATURE) + 4 : _FIXED], "big")
    return message[_FIXED + extension :]
