"""The reader, against Python's csv module over the whole text."""

from __future__ import annotations

import contextlib
import csv
import io
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tap_csv.reader import CsvReader, Record
from waybill_common.files import tape
from waybill_common.files.tape import BLOCK_BYTES, LARGEST_FIELD, MalformedError, Tape

if TYPE_CHECKING:
    from collections.abc import Iterator

property_test = settings(max_examples=300)


@contextlib.contextmanager
def blocks_of(size: int) -> Iterator[None]:
    """Blocks so small that they end anywhere."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tape, "BLOCK_BYTES", size)
        yield


def records_of(stream: io.BytesIO) -> tuple[Tape, list[Record]]:
    read = Tape(stream)
    reader = CsvReader(read)
    records = [reader.header]
    for chunk in reader.chunks():
        if chunk.fault:
            raise MalformedError(chunk.first_line, chunk.fault)
        records += chunk.records()
    return read, records


def test_endless_line_is_refused_before_it_fills_the_memory() -> None:
    # Protects the memory from a file that is no CSV at all.
    with pytest.raises(MalformedError, match="line 2: line longer than"):
        records_of(io.BytesIO(b"a\n" + b"x" * (LARGEST_FIELD + BLOCK_BYTES)))


def test_open_quote_is_refused_before_it_fills_the_memory() -> None:
    # Protects the memory from one quote too many, and names the line it was opened on.
    with pytest.raises(MalformedError, match="line 3: field larger than field limit"):
        records_of(io.BytesIO(b'a\nb\n"' + b"x\n" * LARGEST_FIELD))


RANDOM = st.text('ab,"\r\n\x0b\x0c\x1c\u2028é', max_size=40)
PIECES = [
    "a",
    "é\u2028",
    ",",
    "\r\n",
    "\r",
    "\n",
    '\n"a\r\nb"\n',
    '\n""',
    ',"\r"\r',
    '\n"a""\n"\r\n',
]
MOSTLY_SOUND = st.lists(st.sampled_from(PIECES), max_size=25).map("".join)


@property_test
@given(
    text=RANDOM | MOSTLY_SOUND,
    size=st.integers(1, 40),
    mark=st.booleans(),
)
def test_reader_agrees_with_the_csv_module(text: str, size: int, mark: bool) -> None:
    # Protects rows, lines and raw texts wherever a block ends, and line ends of every kind.
    text = text.lstrip("\ufeff")
    data = (b"\xef\xbb\xbf" if mark else b"") + text.encode()
    expected: list[list[str]] = []
    failed = False
    try:
        expected.extend(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error:
        failed = True
    if failed:
        with pytest.raises(MalformedError) as caught, blocks_of(size):
            records_of(io.BytesIO(data))
        assert 1 <= caught.value.line <= text.count("\n") + text.count("\r") + 1
        return
    with blocks_of(size):
        read, records = records_of(io.BytesIO(data))
    assert [record.row for record in records] == (expected or [[]])
    assert "".join(record.raw for record in records) == text
    assert read.size == len(data)
    physical = list(io.StringIO(text, newline=""))
    for record in records:
        assert not record.raw or record.raw.startswith(physical[record.line - 1])


@property_test
@given(
    rows=st.lists(
        st.lists(
            st.sampled_from(["", '""', "a", '"a"', '"a,"""', '"\n"', '","","",x"']),
            min_size=2,
            max_size=5,
        ),
        min_size=1,
    )
)
def test_quoted_empty_field_is_told_from_an_empty_one(rows: list[list[str]]) -> None:
    # Protects '' against NULL, where the csv module gives the same for both.
    text = "".join(",".join(row) + "\n" for row in rows)
    _, records = records_of(io.BytesIO(text.encode()))
    expected = [[i for i, field in enumerate(row) if field == '""'] for row in rows]
    assert [record.quoted_empties() for record in records] == expected
