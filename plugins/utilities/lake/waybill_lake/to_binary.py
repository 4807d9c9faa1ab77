"""Columns as COPY's binary format, for rows with a value that is kept as PostgreSQL's bytes."""

from __future__ import annotations

import struct
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pyarrow as pa

from waybill_common.errors import WaybillError
from waybill_lake.arrow_types import base_of, form_of, sql_type_of
from waybill_lake.from_binary import EPOCH_DAYS, EPOCH_MICROSECONDS, SIGNATURE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_HEADER = SIGNATURE + bytes(8)
_TRAILER = b"\xff\xff"
_NULL = struct.pack(">i", -1)
_SIGNS = {"NaN": 0xC000, "Infinity": 0xD000, "-Infinity": 0xF000}


def binary_rows(batch: pa.RecordBatch) -> bytes:
    """The rows with header and trailer.

    Raises:
        WaybillError: A column has values that are kept as texts, of a type that only PostgreSQL
            can read.
    """
    head = struct.pack(">h", batch.num_columns)
    columns = [
        list(_fields(field, column))
        for field, column in zip(batch.schema, batch.columns, strict=True)
    ]
    rows = b"".join(head + b"".join(row) for row in zip(*columns, strict=True))
    return _HEADER + rows + _TRAILER


def _fields(field: pa.Field, column: pa.Array) -> Iterable[bytes]:
    encode = _encoder(field)
    if pa.types.is_date(column.type):
        column = column.cast(pa.int32())
    elif pa.types.is_timestamp(column.type) or pa.types.is_time(column.type):
        column = column.cast(pa.int64())
    for value in column.to_pylist():
        if value is None:
            yield _NULL
        else:
            data = encode(value)
            yield struct.pack(">i", len(data)) + data


def _encoder(field: pa.Field) -> Callable[[Any], bytes]:
    if form_of(field) == "binary":
        return bytes
    base = base_of(sql_type_of(field))
    if base == "numeric":
        return lambda value: numeric_bytes(str(value))
    encode = _ENCODERS.get(base)
    if encode is None or form_of(field) == "text":
        msg = f"column {field.name}: {sql_type_of(field)} is kept as text, and another column as PostgreSQL's bytes."
        raise WaybillError(msg, "Land the stream anew with the tap's `mode` set to record.")
    return encode


def _packed(code: str, plus: int = 0) -> Callable[[Any], bytes]:
    packer = struct.Struct(f">{code}")
    return lambda value: packer.pack(value + plus)


def numeric_bytes(text: str) -> bytes:
    """A number's text as PostgreSQL's binary numeric, trailing zeros kept."""
    if text in _SIGNS:
        return struct.pack(">hhHH", 0, 0, _SIGNS[text], 0)
    negative, digits, exponent = Decimal(text).as_tuple()
    scale = max(-int(exponent), 0)
    units = int("".join(map(str, digits))) * 10 ** max(int(exponent), 0)
    whole, behind = divmod(units, 10**scale)
    before = f"{whole}" if whole else ""
    before = before.zfill(-(-len(before) // 4) * 4)
    after = f"{behind:0{scale}}" if scale else ""
    after = after.ljust(-(-len(after) // 4) * 4, "0")
    groups = [int((before + after)[at : at + 4]) for at in range(0, len(before + after), 4)]
    weight = len(before) // 4 - 1
    while groups and not groups[0]:
        del groups[0]
        weight -= 1
    while groups and not groups[-1]:
        del groups[-1]
    weight = weight if groups else 0
    sign = 0x4000 if negative and groups else 0
    return struct.pack(f">hhHH{len(groups)}h", len(groups), weight, sign, scale, *groups)


_ENCODERS: dict[str, Callable[[Any], bytes]] = {
    "smallint": _packed("h"),
    "integer": _packed("i"),
    "bigint": _packed("q"),
    "real": _packed("f"),
    "double precision": _packed("d"),
    "boolean": struct.Struct(">?").pack,
    "date": _packed("i", -EPOCH_DAYS),
    "timestamp": _packed("q", -EPOCH_MICROSECONDS),
    "time": _packed("q"),
    "uuid": lambda value: UUID(value).bytes,
    "jsonb": lambda value: b"\x01" + value.encode(),
    "bytea": bytes,
    **dict.fromkeys(
        ("text", "character varying", "character", "bpchar", "json"), lambda value: value.encode()
    ),
}
