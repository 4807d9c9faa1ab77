"""COPY text and CSV as columns."""

from __future__ import annotations

import datetime as dt
from io import BytesIO
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from waybill_common import copy_text
from waybill_common.errors import WaybillError
from waybill_lake.arrow_types import Form, arrow_type, field

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_DIGITS = r"^-?[0-9]+$"
_NOT_ZERO = r"^[^eE]*[1-9]"
_INFINITE = r"(?i)inf"
_YEAR = r"^[1-9][0-9]{3}-|^0[0-9]*[1-9][0-9]*-"
_TRUE, _FALSE = ["t", "true", "1"], ["f", "false", "0"]


def copy_table(data: bytes, columns: Sequence[str], types: Mapping[str, str]) -> pa.Table:
    """Rows in PostgreSQL's COPY text format.

    Args:
        data: Whole lines in UTF-8.
        columns: The names of a row's fields, in order.
        types: The canonical types of the columns.

    Raises:
        WaybillError: They are no such rows.
    """
    parse = csv.ParseOptions(
        delimiter="\t", quote_char=False, escape_char=False, ignore_empty_lines=False
    )
    texts = _texts(data, columns, parse, null=copy_text.NULL)
    if b"\\" in data:
        texts = [_unescaped(each) for each in texts]
    return _table(texts, columns, types)


def csv_table(
    data: bytes, columns: Sequence[str], types: Mapping[str, str], delimiter: str
) -> pa.Table:
    """Rows of a CSV file as COPY reads it: an unquoted empty field is NULL.

    Args:
        data: Whole records in UTF-8, without a header.
        columns: The names of a record's fields, in order.
        types: The canonical types of the columns.
        delimiter: One character.

    Raises:
        WaybillError: They are no such records.
    """
    parse = csv.ParseOptions(
        delimiter=delimiter, newlines_in_values=b'"' in data, ignore_empty_lines=False
    )
    return _table(_texts(data, columns, parse, null=""), columns, types)


def _texts(
    data: bytes, columns: Sequence[str], parse: csv.ParseOptions, null: str
) -> list[pa.Array]:
    if not data:
        return [pa.array([], pa.string()) for _ in columns]
    # Names by position: Arrow has no columns of one name.
    names = [str(position) for position in range(len(columns))]
    try:
        table = csv.read_csv(
            BytesIO(data),
            read_options=csv.ReadOptions(
                column_names=names, block_size=max(1 << 20, len(data)), use_threads=False
            ),
            parse_options=parse,
            convert_options=csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()),
                null_values=[null],
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
            ),
        )
    except pa.ArrowInvalid as error:
        msg = f"a batch file cannot be read: {str(error).splitlines()[0]}"
        raise WaybillError(
            msg, "Run again; if it stays, the tap writes what COPY cannot read."
        ) from error
    return [column.combine_chunks() for column in table.columns]


def _unescaped(texts: pa.Array) -> pa.Array:
    if not pc.any(pc.match_substring(texts, "\\")).as_py():
        return texts
    return pa.array([text and copy_text.unescape(text) for text in texts.to_pylist()], pa.string())


def _table(texts: Sequence[pa.Array], columns: Sequence[str], types: Mapping[str, str]) -> pa.Table:
    arrays, fields = [], []
    for name, column in zip(columns, texts, strict=True):
        array, form = typed(column, types[name])
        arrays.append(array)
        fields.append(field(name, types[name], array, form))
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields))


def typed(texts: pa.Array, sql_type: str) -> tuple[pa.Array, Form]:
    """Texts as values of a type, if that is exact for each of them; otherwise as they are."""
    target = arrow_type(sql_type)
    if target is None:
        return texts, "text"
    if target == pa.string():
        return texts, "value"
    try:
        return _CASTS.get(target.id, _cast)(texts, target), "value"
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, ValueError):
        return texts, "text"


def _cast(texts: pa.Array, target: pa.DataType) -> pa.Array:
    return texts.cast(target)


def _all(texts: pa.Array, pattern: str) -> bool:
    found = pc.all(pc.match_substring_regex(texts, pattern)).as_py()
    return found is not False


def _integers(texts: pa.Array, target: pa.DataType) -> pa.Array:
    if not _all(texts, _DIGITS):
        msg = "not plain digits"
        raise ValueError(msg)
    return texts.cast(target)


def _floats(texts: pa.Array, target: pa.DataType) -> pa.Array:
    values = texts.cast(target)
    # Too small or too large a number is an error to PostgreSQL, and not zero or infinity.
    is_lost = pc.and_(pc.equal(values, 0), pc.match_substring_regex(texts, _NOT_ZERO))
    is_grown = pc.and_(pc.is_inf(values), pc.invert(pc.match_substring_regex(texts, _INFINITE)))
    if pc.any(pc.or_(is_lost, is_grown)).as_py():
        msg = "out of range"
        raise ValueError(msg)
    return values


def _booleans(texts: pa.Array, target: pa.DataType) -> pa.Array:
    lower = pc.utf8_lower(texts)
    is_true = pc.is_in(lower, pa.array(_TRUE))
    if not pc.all(
        pc.or_(pc.or_(is_true, pc.is_in(lower, pa.array(_FALSE))), texts.is_null())
    ).as_py():
        msg = "neither true nor false"
        raise ValueError(msg)
    return pc.if_else(texts.is_null(), pa.scalar(None, target), is_true)


def _moments(texts: pa.Array, target: pa.DataType) -> pa.Array:
    if not _all(texts, _YEAR):
        msg = "a year that Arrow reads otherwise"
        raise ValueError(msg)
    return texts.cast(target)


def _times(texts: pa.Array, target: pa.DataType) -> pa.Array:
    times = [text if text is None else dt.time.fromisoformat(text) for text in texts.to_pylist()]
    if any(each is not None and each.tzinfo for each in times):
        msg = "a time with a zone"
        raise ValueError(msg)
    return pa.array(times, target)


def _bytes(texts: pa.Array, target: pa.DataType) -> pa.Array:
    values = []
    for text in texts.to_pylist():
        if text is not None and not text.startswith("\\x"):
            msg = "PostgreSQL's older form of bytes"
            raise ValueError(msg)
        values.append(text if text is None else bytes.fromhex(text[2:]))
    return pa.array(values, target)


_CASTS: dict[int, Callable[[pa.Array, pa.DataType], pa.Array]] = {
    **dict.fromkeys((pa.int16().id, pa.int32().id, pa.int64().id), _integers),
    **dict.fromkeys((pa.float32().id, pa.float64().id), _floats),
    pa.bool_().id: _booleans,
    pa.binary().id: _bytes,
    pa.date32().id: _moments,
    pa.timestamp("us").id: _moments,
    pa.time64("us").id: _times,
}
