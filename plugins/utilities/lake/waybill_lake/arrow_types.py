"""What a column of a PostgreSQL type is in Parquet.

A column has the Arrow type that holds its values exactly. Where one of its values has none there
(NaN in `numeric(10,2)`, `infinity`, a year beyond 9999), and for types without any, the column of
that file holds the texts that PostgreSQL reads, or, of batch files in COPY's binary format, the
bytes. The field's metadata says which type it is, and in which form.
"""

from __future__ import annotations

import re
from typing import Literal

import pyarrow as pa

Form = Literal["value", "text", "binary"]

_SQL_TYPE = b"waybill.sql_type"
_FORM = b"waybill.form"
_MOST_DIGITS = 76
_FEW_DIGITS = 38
_PLAIN = {
    "smallint": pa.int16(),
    "integer": pa.int32(),
    "bigint": pa.int64(),
    "real": pa.float32(),
    "double precision": pa.float64(),
    "boolean": pa.bool_(),
    "bytea": pa.binary(),
    "date": pa.date32(),
}
_TEXTS = frozenset({"text", "uuid", "json", "jsonb", "bpchar", "character varying", "character"})


def base_of(sql_type: str) -> str:
    """A canonical type's name without what stands in brackets or behind it."""
    return sql_type if sql_type.endswith("]") else re.split(r"\(| with", sql_type)[0]


def arrow_type(sql_type: str) -> pa.DataType | None:
    """The Arrow type of a canonical PostgreSQL type; None where only its text is exact."""
    base = base_of(sql_type)
    if base in _TEXTS:
        return pa.string()
    if base == "numeric":
        return _decimal(sql_type)
    if base == "timestamp":
        return pa.timestamp("us", tz="UTC" if sql_type.endswith("with time zone") else None)
    if base == "time":
        return None if sql_type.endswith("with time zone") else pa.time64("us")
    return _PLAIN.get(sql_type)


def _decimal(sql_type: str) -> pa.DataType | None:
    modifiers = [int(number) for number in re.findall(r"-?\d+", sql_type)]
    if not modifiers:
        return None  # any number of digits
    precision, scale = modifiers
    if precision > _MOST_DIGITS or not 0 <= scale <= precision:
        return None
    wide = pa.decimal128 if precision <= _FEW_DIGITS else pa.decimal256
    return wide(precision, scale)


def field(name: str, sql_type: str, array: pa.Array, form: Form) -> pa.Field:
    """The field of a column, with what is needed to read it back."""
    return pa.field(name, array.type, metadata={_SQL_TYPE: sql_type.encode(), _FORM: form.encode()})


def sql_type_of(field_: pa.Field) -> str:
    """The canonical PostgreSQL type of a column that was written here."""
    return str((field_.metadata or {})[_SQL_TYPE].decode())


def form_of(field_: pa.Field) -> Form:
    """The form of a column that was written here."""
    form = (field_.metadata or {})[_FORM].decode()
    return "text" if form == "text" else "binary" if form == "binary" else "value"
