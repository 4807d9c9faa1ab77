"""COPY's binary format as columns.

Source of the format: https://www.postgresql.org/docs/current/sql-copy.html#id-1.9.3.55.9.4
"""

from __future__ import annotations

import struct
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pyarrow as pa

from waybill_common.errors import WaybillError
from waybill_common.values import EXACT
from waybill_lake.arrow_types import Form, arrow_type, base_of, field

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Fields = list[bytes | None]
    Decoder = Callable[[Fields, pa.DataType], pa.Array]

SIGNATURE = b"PGCOPY\n\xff\r\n\0"
EPOCH_DAYS = 10_957
"""From 1970-01-01, which Arrow counts from, to 2000-01-01, which PostgreSQL does."""
EPOCH_MICROSECONDS = EPOCH_DAYS * 86_400_000_000
_FIRST_DAY, _LAST_DAY = -719_162, 2_932_896
"""0001-01-01 and 9999-12-31, in days since 1970."""
_DAY = 86_400_000_000
_SIGNS = {0xC000: "NaN", 0xD000: "Infinity", 0xF000: "-Infinity"}
_NEGATIVE = 0x4000
_NULL = -1
_DIGITS = 4
"""Decimal digits in one of numeric's own."""


def binary_table(data: bytes, columns: Sequence[str], types: Mapping[str, str]) -> pa.Table:
    """Rows in COPY's binary format.

    Args:
        data: With header and trailer.
        columns: The names of a row's fields, in order.
        types: The canonical types of the columns.

    Raises:
        WaybillError: They are no such rows.
    """
    try:
        fields_of = _columns(data, len(columns))
    except (struct.error, ValueError) as error:
        msg = f"a batch file is no whole COPY in binary format: {error}"
        raise WaybillError(msg, "Run again: a batch file was cut off.") from error
    arrays, fields = [], []
    for name, column in zip(columns, fields_of, strict=True):
        array, form = typed(column, types[name])
        arrays.append(array)
        fields.append(field(name, types[name], array, form))
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields))


def typed(fields: Fields, sql_type: str) -> tuple[pa.Array, Form]:
    """Fields as values of a type, if that is exact for each of them; otherwise as they are."""
    if base_of(sql_type) == "numeric":
        return _numerics(fields, arrow_type(sql_type))
    decode, target = _DECODERS.get(base_of(sql_type)), arrow_type(sql_type)
    if decode is not None and target is not None:
        try:
            return decode(fields, target), "value"
        except (pa.ArrowInvalid, ValueError, struct.error):
            pass
    return pa.array(fields, pa.binary()), "binary"


def _columns(data: bytes, count: int) -> list[Fields]:
    if not data.startswith(SIGNATURE):
        msg = "it has no header"
        raise ValueError(msg)
    (extension,) = struct.unpack_from(">i", data, len(SIGNATURE) + 4)
    position = len(SIGNATURE) + 8 + extension
    columns: list[Fields] = [[] for _ in range(count)]
    appends = [column.append for column in columns]
    read_count, read_length = struct.Struct(">h").unpack_from, struct.Struct(">i").unpack_from
    while (found := read_count(data, position)[0]) != -1:
        if found != count:
            msg = f"a row has {found} fields, not {count}"
            raise ValueError(msg)
        position += 2
        for append in appends:
            (length,) = read_length(data, position)
            position += 4
            if length == _NULL:
                append(None)
                continue
            append(data[position : position + length])
            position += length
    if position + 2 != len(data):
        msg = "it goes on behind its end"
        raise ValueError(msg)
    return columns


def _unpacked(fields: Fields, code: str) -> list[Any]:
    """Fields of one fixed size as numbers."""
    present = [each for each in fields if each is not None]
    numbers = iter(struct.unpack(f">{len(present)}{code}", b"".join(present)))
    return [None if each is None else next(numbers) for each in fields]


def _fixed(code: str) -> Decoder:
    return lambda fields, target: pa.array(_unpacked(fields, code), target)


def _texts(fields: Fields, target: pa.DataType) -> pa.Array:
    return pa.array(fields, target)


def _jsonb(fields: Fields, target: pa.DataType) -> pa.Array:
    if any(each is not None and each[:1] != b"\x01" for each in fields):
        msg = "jsonb of a later version"
        raise ValueError(msg)
    return pa.array([each if each is None else each[1:] for each in fields], target)


def _uuids(fields: Fields, target: pa.DataType) -> pa.Array:
    return pa.array([each if each is None else str(UUID(bytes=each)) for each in fields], target)


def _dates(fields: Fields, target: pa.DataType) -> pa.Array:
    days = [each if each is None else each + EPOCH_DAYS for each in _unpacked(fields, "i")]
    _check(days, _FIRST_DAY, _LAST_DAY)
    return pa.array(days, pa.int32()).cast(target)


def _timestamps(fields: Fields, target: pa.DataType) -> pa.Array:
    moments = [
        each if each is None else each + EPOCH_MICROSECONDS for each in _unpacked(fields, "q")
    ]
    _check(moments, _FIRST_DAY * _DAY, (_LAST_DAY + 1) * _DAY - 1)
    return pa.array(moments, pa.int64()).cast(target)


def _times(fields: Fields, target: pa.DataType) -> pa.Array:
    times = _unpacked(fields, "q")
    _check(times, 0, _DAY - 1)
    return pa.array(times, pa.int64()).cast(target)


def _check(numbers: Sequence[int | None], lowest: int, highest: int) -> None:
    present = [each for each in numbers if each is not None]
    if present and not (lowest <= min(present) and max(present) <= highest):
        msg = "beyond what every reader of Parquet knows"
        raise ValueError(msg)


def _numerics(fields: Fields, target: pa.DataType | None) -> tuple[pa.Array, Form]:
    texts = [each if each is None else numeric_text(each) for each in fields]
    if target is not None:
        try:
            return pa.array(texts, pa.string()).cast(target), "value"
        except pa.ArrowInvalid:
            pass
    return pa.array(texts, pa.string()), "text"


def numeric_text(data: bytes) -> str:
    """PostgreSQL's binary numeric as its text, trailing zeros kept."""
    count, weight, sign, scale = struct.unpack_from(">hhHH", data)
    if sign in _SIGNS:
        return _SIGNS[sign]
    number = 0
    for digit in struct.unpack_from(f">{count}h", data, 8):
        number = number * 10**_DIGITS + digit
    exponent = (weight - count + 1) * _DIGITS + scale
    # Digits behind the scale are zeros.
    units = number * 10**exponent if exponent >= 0 else number // 10**-exponent
    value = Decimal(-units if sign == _NEGATIVE else units).scaleb(-scale, EXACT)
    return f"{value:f}"


_DECODERS: dict[str, Decoder] = {
    "smallint": _fixed("h"),
    "integer": _fixed("i"),
    "bigint": _fixed("q"),
    "real": _fixed("f"),
    "double precision": _fixed("d"),
    "boolean": _fixed("?"),
    "date": _dates,
    "timestamp": _timestamps,
    "time": _times,
    "uuid": _uuids,
    "jsonb": _jsonb,
    **dict.fromkeys(("text", "character varying", "character", "bpchar", "json", "bytea"), _texts),
}
"""By the type's base name; a type that is not here is kept as its bytes."""
