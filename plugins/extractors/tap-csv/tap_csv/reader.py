"""CSV bytes as chunks of rows that still know their physical lines.

Python's `csv` module parses; the lines it was fed are kept beside its rows, because it tells neither
the line a record starts at nor whether an empty field was quoted.
"""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
import re
from dataclasses import dataclass
from itertools import chain, islice
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

BLOCK_BYTES = 1 << 20
CHUNK_ROWS = 8192
LARGEST_FIELD = 16 << 20
"""Characters; an unclosed quote would otherwise swallow the rest of the file into memory."""

_LINE_END = re.compile("\r\n|\r|\n")


class ByteStream(Protocol):
    """What is read from: any binary file object."""

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes; none at the end."""


class MalformedCsvError(Exception):
    """The bytes are not CSV.

    Attributes:
        line: Physical line, from 1, at which the record starts that cannot be read.
        reason: What is wrong with it.
    """

    def __init__(self, line: int, reason: str) -> None:
        self.line = line
        self.reason = reason
        super().__init__(f"line {line}: {reason}")


@dataclass(frozen=True)
class Record:
    """One row as it stands in the file.

    Attributes:
        line: Physical line, from 1, at which it starts.
        raw: Its text, with quotes and line end.
    """

    line: int
    raw: str
    row: list[str]

    def quoted_empties(self) -> list[int]:
        """Positions of the fields written as `""`.

        The parser is strict, so a field's raw length follows from its value: a quoted one has two
        quotes more, and each quote inside it twice.
        """
        found = []
        start = 0
        for position, value in enumerate(self.row):
            is_quoted = self.raw.startswith('"', start)
            if is_quoted and not value:
                found.append(position)
            start += len(value) + (2 + value.count('"') if is_quoted else 0) + 1
        return found


@dataclass(frozen=True)
class Chunk:
    """Some rows and exactly the physical lines they were parsed from.

    Attributes:
        rows: Parsed rows; a blank line is an empty list.
        first_line: Number of the first line, from 1.
    """

    rows: list[list[str]]
    lines: list[str]
    first_line: int

    @property
    def has_quoted_empties(self) -> bool:
        """Whether a field may be written as `""`; False is certain."""
        return '""' in "".join(self.lines)

    def records(self) -> Iterator[Record]:
        """Each row with its line and raw text, blank lines included."""
        index = 0
        for row in self.rows:
            start = index
            index += 1 + sum(len(_LINE_END.findall(value)) for value in row)
            raw = "".join(self.lines[start:index])
            yield Record(line=self.first_line + start, raw=raw, row=row)


class CsvReader:
    """Reads one CSV file once, in blocks, hashing the very bytes it parses.

    Args:
        stream: The file's bytes. UTF-8, with or without a byte order mark; bytes that are not
            UTF-8 become lone surrogates, which no column type admits.

    Attributes:
        size: Bytes read so far.
        header: The first record.
    """

    def __init__(self, stream: ByteStream, *, delimiter: str = ",") -> None:
        csv.field_size_limit(LARGEST_FIELD)
        self._stream = stream
        self._hash = hashlib.sha256()
        self._window: list[str] = []
        self._parsed_lines = 0
        lines = chain.from_iterable(self._blocks())
        self._parser = csv.reader(lines, delimiter=delimiter, strict=True)
        self.size = 0
        header = self._take(1)
        self.header = next(header.records()) if header else Record(line=1, raw="", row=[])

    @property
    def sha256(self) -> str:
        """Hash of the bytes read so far, in hexadecimal."""
        return self._hash.hexdigest()

    def chunks(self) -> Iterator[Chunk]:
        """The rows after the header.

        Yields:
            Up to CHUNK_ROWS rows, about as many as a block holds: memory does not grow with the
            file, nor with the number of rows that are short.

        Raises:
            MalformedCsvError: A quote is left open, or text follows a closing quote.
        """
        while chunk := self._take(min(CHUNK_ROWS, max(16, len(self._window)))):
            yield chunk

    def _take(self, count: int) -> Chunk | None:
        rows: list[list[str]] = []
        try:
            rows.extend(islice(self._parser, count))
        except csv.Error as error:
            read = Chunk(rows, self._window, self._parsed_lines + 1)
            lines = sum(len(_LINE_END.findall(record.raw)) for record in read.records())
            raise MalformedCsvError(self._parsed_lines + 1 + lines, str(error)) from error
        used = self._parser.line_num - self._parsed_lines
        chunk = Chunk(rows, self._window[:used], self._parsed_lines + 1)
        del self._window[:used]
        self._parsed_lines = self._parser.line_num
        return chunk if rows else None

    def _blocks(self) -> Iterator[list[str]]:
        decoder = codecs.getincrementaldecoder("utf-8-sig")("surrogateescape")
        rest = ""
        while data := self._stream.read(BLOCK_BYTES):
            self._hash.update(data)
            self.size += len(data)
            text = rest + decoder.decode(data)
            # A carriage return at the very end may be half of a line end.
            cut = text.rfind("\n") + 1 or text.rfind("\r", 0, -1) + 1
            rest = text[cut:]
            if len(rest) > LARGEST_FIELD:
                line = self._parsed_lines + len(self._window) + 1
                raise MalformedCsvError(line, f"line longer than {LARGEST_FIELD} characters")
            yield self._split(text[:cut])
        yield self._split(rest + decoder.decode(b"", final=True))

    def _split(self, text: str) -> list[str]:
        # Not str.splitlines, which also splits at form feeds and Unicode separators.
        lines = list(io.StringIO(text, newline=""))
        self._window += lines
        return lines
