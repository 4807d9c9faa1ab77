"""Columns as PostgreSQL's COPY text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from waybill_common import copy_text

if TYPE_CHECKING:
    from collections.abc import Callable

_ESCAPES = (("\\", r"\\"), ("\n", r"\n"), ("\t", r"\t"), ("\r", r"\r"))


def copy_lines(batch: pa.RecordBatch) -> bytes:
    """The rows as lines in UTF-8; no column may have the form `binary`.

    Args:
        batch: At least one column.
    """
    if not batch.num_rows:
        return b""
    fields = [_fields(column).cast(pa.large_string()) for column in batch.columns]
    lines = pc.binary_join_element_wise(
        *fields, _text("\t"), null_handling="replace", null_replacement=copy_text.NULL
    )
    ended = pc.binary_join_element_wise(lines, _text(""), _text("\n"))
    # One array's texts stand behind each other: that is the file.
    offsets, data = ended.buffers()[1:]
    first, last = (
        int.from_bytes(offsets[8 * at : 8 * at + 8].to_pybytes(), "little")
        for at in (ended.offset, ended.offset + len(ended))
    )
    return bytes(data[first:last].to_pybytes())


def _text(text: str) -> pa.Scalar:
    return pa.scalar(text, pa.large_string())


def _fields(column: pa.Array) -> pa.Array:
    if pa.types.is_string(column.type):
        return _escaped(column)
    return _SPECIAL.get(column.type.id, _cast)(column)


def _escaped(column: pa.Array) -> pa.Array:
    for special, written in _ESCAPES:
        column = pc.replace_substring(column, special, written)
    return column


def _cast(column: pa.Array) -> pa.Array:
    return column.cast(pa.string())


def _booleans(column: pa.Array) -> pa.Array:
    return pc.if_else(column, "t", "f")


def _bytes(column: pa.Array) -> pa.Array:
    return pa.array(
        [value if value is None else rf"\\x{value.hex()}" for value in column.to_pylist()],
        pa.string(),
    )


def _moments(column: pa.Array) -> pa.Array:
    texts = column.cast(pa.string())
    # Arrow writes six decimals, PostgreSQL those that are needed.
    texts = pc.replace_substring_regex(texts, r"(\.\d*?)0+(Z?)$", r"\1\2")
    texts = pc.replace_substring_regex(texts, r"\.(Z?)$", r"\1")
    return pc.replace_substring(texts, "Z", "+00")


_SPECIAL: dict[int, Callable[[pa.Array], pa.Array]] = {
    pa.bool_().id: _booleans,
    pa.binary().id: _bytes,
    pa.timestamp("us").id: _moments,
    pa.time64("us").id: _moments,
}
