"""The reader, against Python's csv module over the whole text."""

from __future__ import annotations

import csv
import io
import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tap_csv.reader import BLOCK_BYTES, LARGEST_FIELD, CsvReader, MalformedCsvError, Record

property_test = settings(
    max_examples=300,
    deadline=None,
    derandomize=True,
)


class Dripping(io.BytesIO):
    """Gives a few bytes at a time, so that blocks end anywhere."""

    def __init__(self, data: bytes, sizes: list[int]) -> None:
        super().__init__(data)
        self._sizes = itertools.cycle(sizes)

    def read(self, _: int = -1) -> bytes:
        return super().read(next(self._sizes))


def records_of(stream: io.BytesIO) -> tuple[CsvReader, list[Record]]:
    reader = CsvReader(stream)
    return reader, [reader.header, *(r for chunk in reader.chunks() for r in chunk.records())]


def test_endless_line_is_refused_before_it_fills_the_memory() -> None:
    # Protects the memory from a file that is no CSV at all.
    with pytest.raises(MalformedCsvError, match="line 2: line longer than"):
        records_of(io.BytesIO(b"a\n" + b"x" * (LARGEST_FIELD + BLOCK_BYTES)))


def test_open_quote_is_refused_before_it_fills_the_memory() -> None:
    # Protects the memory from one quote too many, and names the line it was opened on.
    with pytest.raises(MalformedCsvError, match="line 3: field larger than field limit"):
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
    sizes=st.lists(st.integers(1, 9), min_size=1, max_size=3),
    mark=st.booleans(),
)
def test_reader_agrees_with_the_csv_module(text: str, sizes: list[int], mark: bool) -> None:
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
        with pytest.raises(MalformedCsvError) as caught:
            records_of(Dripping(data, sizes))
        assert 1 <= caught.value.line <= text.count("\n") + text.count("\r") + 1
        return
    reader, records = records_of(Dripping(data, sizes))
    assert [record.row for record in records] == (expected or [[]])
    assert "".join(record.raw for record in records) == text
    assert reader.size == len(data)
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
