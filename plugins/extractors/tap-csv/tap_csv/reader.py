"""CSV records as chunks of rows that still know their physical lines.

Python's `csv` module parses; the lines it was fed are kept beside its rows, because it tells neither
the line a record starts at nor whether an empty field was quoted.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from itertools import chain, islice
from typing import TYPE_CHECKING

from waybill_common.dialects import PLAIN, Dialect
from waybill_common.files.tape import LARGEST_FIELD, MalformedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from waybill_common.files.tape import Tape

CHUNK_ROWS = 8192
FEW_ROWS = 64
"""Up to so many, lines are taken from the tape one by one, so that few have to be given back."""

_LINE_END = re.compile("\r\n|\r|\n")


@dataclass(frozen=True)
class Record:
    """One row as it stands in the file.

    Attributes:
        line: Physical line, from 1, at which it starts.
        raw: Its text, with quotes and line end.
        quote: The character that its fields may be quoted with.
    """

    line: int
    raw: str
    row: list[str]
    quote: str = '"'

    def quoted_empties(self) -> list[int]:
        """Positions of the fields that are empty and quoted.

        The parser is strict, so a field's raw length follows from its value: a quoted one has two
        quotes more, and each quote inside it twice.
        """
        found = []
        start = 0
        for position, value in enumerate(self.row):
            is_quoted = self.raw.startswith(self.quote, start)
            if is_quoted and not value:
                found.append(position)
            start += len(value) + (2 + value.count(self.quote) if is_quoted else 0) + 1
        return found


@dataclass(frozen=True)
class Chunk:
    """Some rows and exactly the physical lines they were parsed from.

    Attributes:
        rows: Parsed rows; a blank line is an empty list.
        first_line: Number of the first line, from 1.
        quote: The character that fields may be quoted with.
        fault: Why the only line is no row, where it is none.
    """

    rows: list[list[str]]
    lines: list[str]
    first_line: int
    quote: str = '"'
    fault: str = ""

    @property
    def has_quoted_empties(self) -> bool:
        """Whether a field may be empty and quoted; False is certain."""
        return 2 * self.quote in "".join(self.lines)

    def records(self) -> Iterator[Record]:
        """Each row with its line and raw text, blank lines included."""
        index = 0
        for row in self.rows:
            start = index
            index += 1 + sum(len(_LINE_END.findall(value)) for value in row)
            raw = "".join(self.lines[start:index])
            yield Record(self.first_line + start, raw, row, self.quote)


class CsvReader:
    """Parses the records of one file, from wherever the tape stands.

    Args:
        tape: The file's bytes. What is not UTF-8 in them becomes lone surrogates, which no column
            type admits.
        dialect: Which characters mean something.

    Attributes:
        header: The first record.
    """

    def __init__(self, tape: Tape, dialect: Dialect = PLAIN) -> None:
        csv.field_size_limit(LARGEST_FIELD)
        self._tape = tape
        self._dialect = dialect
        self.rewind()
        header = self.take(1)
        if header and header.fault:
            raise MalformedError(1, header.fault)
        self.header = next(header.records()) if header else Record(line=1, raw="", row=[])

    def rewind(self) -> None:
        """Give back to the tape what was not parsed yet."""
        self._tape.rewind()
        self._window: list[str] = []
        self._is_single = True
        self._used = 0
        self._parser = csv.reader(
            chain.from_iterable(self._pieces()),
            delimiter=self._dialect.delimiter,
            quotechar=self._dialect.quote,
            strict=True,
        )

    def chunks(self) -> Iterator[Chunk]:
        """All that is left, about a block at a time.

        Raises:
            MalformedError: The file ends inside a quoted field.
        """
        while chunk := self.take(CHUNK_ROWS):
            yield chunk

    def take(self, count: int) -> Chunk | None:
        """The next rows.

        Args:
            count: At most so many; of many, no more than a block holds are given, so that memory
                does not grow where rows are short.

        Returns:
            The rows; or one line that is none, with the fault; or None at the end of the file.

        Raises:
            MalformedError: A quote is left open, or closed by text after more than one line.
        """
        self._is_single = count <= FEW_ROWS
        rows: list[list[str]] = []
        try:
            rows.extend(islice(self._parser, min(count, FEW_ROWS)))
            read = self._parser.line_num - self._used
            rows.extend(islice(self._parser, max(0, min(count, len(self._window)) - read)))
        except csv.Error as error:
            return self._stopped(rows, error)
        return self._chunk(rows, self._parser.line_num - self._used) if rows else None

    def _stopped(self, rows: list[list[str]], error: csv.Error) -> Chunk:
        parsed = Chunk(rows, self._window, self._tape.line)
        lines = sum(len(_LINE_END.findall(record.raw)) for record in parsed.records())
        failed = self._parser.line_num - self._used - lines
        if not rows and (failed != 1 or str(error).startswith(("unexpected end", "field larger"))):
            raise MalformedError(self._tape.line, str(error)) from error
        fault = "" if rows else f"not CSV: {error}"
        chunk = self._chunk(rows, lines or 1, fault)
        self.rewind()
        return chunk

    def _chunk(self, rows: list[list[str]], used: int, fault: str = "") -> Chunk:
        lines = self._window[:used]
        chunk = Chunk(rows, lines, self._tape.line, self._dialect.quote, fault)
        del self._window[:used]
        self._used += used
        self._tape.consume(lines)
        return chunk

    def _pieces(self) -> Iterator[list[str]]:
        while lines := self._tape.lines(is_single=self._is_single):
            self._window += lines
            yield lines
