"""The single rows of a batch file that COPY has refused as a whole."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from waybill_common import copy_text
from waybill_common.targets.formats import BINARY, CSV

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from waybill_common.targets.formats import BatchFile

BINARY_HEADER = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
BINARY_TRAILER = b"\xff\xff"

_READ_BYTES = 1 << 18
_NUMBERS = {
    "smallint": ">h",
    "integer": ">i",
    "bigint": ">q",
    "real": ">f",
    "double precision": ">d",
    "boolean": ">?",
}
_TEXTS = re.compile(r"text|json|(character varying|character|bpchar)(\(\d+\))?")


@dataclass(frozen=True, slots=True)
class Row:
    """One row as COPY reads it.

    Attributes:
        data: Its bytes, a line's end among them.
        line: The number of its first line, from 1, as COPY counts from where the batch begins.
        lines: How many lines it takes.
    """

    data: bytes
    line: int
    lines: int = 1


def of_file(file: BatchFile, stream: str) -> Iterator[Row]:
    """The rows of a batch file, one by one.

    Args:
        file: The file.
        stream: The stream's name, for errors.
    """
    if file.format == BINARY:
        return _of_binary(file.chunks(stream))
    if file.format == CSV:
        return _of_csv(file.chunks(stream))
    return of_lines(_lines(file.chunks(stream), b"\n"))


def of_lines(lines: Iterable[bytes]) -> Iterator[Row]:
    """Lines of COPY text as rows."""
    return (Row(data, number) for number, data in enumerate(lines, start=1))


def fields(file: BatchFile | None, row: Row, types: Mapping[str, str]) -> list[str | None]:
    """The fields of a row as text, as far as they can be read.

    Args:
        file: The file it is of; None for a line of COPY text.
        row: The row.
        types: The types of the file's columns, by name.
    """
    if file is not None and file.format == BINARY:
        of_columns = [types.get(name, "") for name in file.columns]
        return _binary_fields(row.data, of_columns)
    text = decoded(row.data)
    if file is not None and file.format == CSV:
        return _csv_fields(text.rstrip("\r\n"), file.delimiter)
    return copy_text.decode_row(text)


def decoded(data: bytes) -> str:
    """Bytes as text; what is not UTF-8 becomes halves of surrogate pairs."""
    try:
        return data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return data.decode("utf-8", "surrogateescape")


def lines_before(file: BatchFile) -> int:
    """How many lines of a CSV file stand before the rows of a batch of it."""
    with file.path.open("rb") as opened:
        data = opened.read(_READ_BYTES)
        newline = b"\n" if b"\n" in data else b"\r"
        lines, left = 0, file.offset
        while left and data:
            data = data[:left]
            lines += data.count(newline)
            left -= len(data)
            data = opened.read(_READ_BYTES)
    return lines


def _lines(chunks: Iterable[bytes], newline: bytes) -> Iterator[bytes]:
    started: list[bytes] = []
    for data in chunks:
        first, *others = data.split(newline)
        started.append(first)
        if not others:
            continue
        yield b"".join(started) + newline
        for line in others[:-1]:
            yield line + newline
        started = [others[-1]]
    if rest := b"".join(started):
        yield rest


def _of_csv(chunks: Iterator[bytes]) -> Iterator[Row]:
    first = next(chunks, b"")
    newline = b"\n" if b"\n" in first else b"\r"
    record: list[bytes] = []
    quotes = number = 0
    for line in _lines(_chained(first, chunks), newline):
        record.append(line)
        quotes += line.count(b'"')
        if quotes % 2 == 0:
            yield Row(b"".join(record), number + 1, len(record))
            number += len(record)
            record = []
    if record:
        yield Row(b"".join(record), number + 1, len(record))


def _chained(first: bytes, others: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from others


def _of_binary(chunks: Iterator[bytes]) -> Iterator[Row]:
    reader = _Reader(chunks)
    reader.take(len(BINARY_HEADER) - 4)
    reader.take(int.from_bytes(reader.take(4)))
    number = 0
    while (width := reader.take(2)) not in (BINARY_TRAILER, b""):
        parts = [width]
        for _ in range(int.from_bytes(width)):
            size = reader.take(4)
            parts += [size, reader.take(max(0, int.from_bytes(size, signed=True)))]
        number += 1
        yield Row(b"".join(parts), number)


class _Reader:
    """Takes as many bytes as are asked for from chunks of any size."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._data = b""
        self._at = 0

    def take(self, size: int) -> bytes:
        """The next bytes; fewer at the end."""
        parts = []
        while size > len(self._data) - self._at:
            parts.append(self._data[self._at :])
            size -= len(parts[-1])
            self._data, self._at = next(self._chunks, b""), 0
            if not self._data:
                return b"".join(parts)
        parts.append(self._data[self._at : self._at + size])
        self._at += size
        return b"".join(parts)


def _csv_fields(text: str, delimiter: str) -> list[str | None]:
    """As COPY splits them: empty is NULL, and `""` is the empty text."""
    found: list[str | None] = []
    start, is_quoted = 0, False
    for at, character in enumerate(text + delimiter):
        if character == '"':
            is_quoted = not is_quoted
        elif character == delimiter and (not is_quoted or at == len(text)):
            found.append(_csv_value(text[start:at]))
            start = at + 1
    return found


def _csv_value(written: str) -> str | None:
    if not written:
        return None
    if '"' not in written:
        return written
    inside = written[1:-1] if written[0] == written[-1] == '"' and len(written) > 1 else written
    return inside.replace('""', '"')


def _binary_fields(data: bytes, types: list[str]) -> list[str | None]:
    found: list[str | None] = []
    at = 2
    for index in range(int.from_bytes(data[:2])):
        size = int.from_bytes(data[at : at + 4], signed=True)
        at += 4
        value = data[at : at + max(size, 0)]
        at += len(value)
        sql_type = types[index] if index < len(types) else ""
        found.append(None if size < 0 else _binary_value(value, sql_type))
    return found


def _binary_value(value: bytes, sql_type: str) -> str:
    if _TEXTS.fullmatch(sql_type):
        return decoded(value)
    if sql_type == "jsonb":
        return decoded(value[1:])
    form = _NUMBERS.get(sql_type)
    if form and struct.calcsize(form) == len(value):
        return str(struct.unpack(form, value)[0])
    return r"\x" + value.hex()
