"""What was read of a file as BATCH messages: ranges of the file itself, or files of our own.

Both are CSV as COPY reads it. Where rows break the contract, what stands between them is copied, so
that a file with many bad rows is not sent in as many messages.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

from waybill_common.files import csv_text
from waybill_common.tap import CopyEncoding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from waybill_common.batch_files import BatchFolder
    from waybill_common.files.breaches import Values
    from waybill_common.files.fields import Field
    from waybill_common.source_files import SourceFile

MOST_BYTES = 4 << 20
"""Of a message: the target loads one while the next is looked at, and waits for the first."""
_SHORTEST = 4 << 20
"""Bytes without a bad row before a file is sent by ranges, rather than copied."""


@dataclass(slots=True)
class CsvEncoding(CopyEncoding):
    """A range of a CSV file, without header, in UTF-8.

    Attributes:
        delimiter: What parts the fields.
        offset: Where the range begins, in bytes.
        length: How long it is, in bytes.
        file_identity: What the file must still have when it is loaded; None of a file of our own.
    """

    format: str = "csv"
    delimiter: str = ","
    offset: int = 0
    length: int = 0
    file_identity: dict[str, int] | None = None


@dataclass(frozen=True)
class Run:
    """Records that COPY can read where they stand.

    Attributes:
        data: Their bytes, line ends included.
        offset: Their place in the content.
        columns: For each control total, its fields as they are written.
    """

    data: bytes
    offset: int
    rows: int
    columns: Sequence[Sequence[bytes]]


class FileRead(Protocol):
    """Reads one file once.

    Attributes:
        fields: The columns that are read, in the order of what it gives; known with the first rows.
        delimiter: Parts the fields of the runs, and is to part those of rows between them.
        row_end: Ends them.
        is_recoded: Whether the runs' bytes differ from the file's.
        sha256: Hash of what was read so far.
        entry: What the bookmark keeps of it; known at the end.
    """

    fields: list[Field]
    delimiter: str
    row_end: str
    is_recoded: bool
    sha256: str
    entry: dict[str, Any]

    def columns(self) -> Iterator[list[Values]]:
        """The file's values as they land, chunk by chunk."""

    def parts(self) -> Iterator[Run | list[Values]]:
        """The file's rows in their order: runs that COPY can read as they stand, and checked values."""


@dataclass(frozen=True)
class Range:
    """Some of a file's rows.

    Attributes:
        path: The source's file, or one of our own.
        identity: Of the source's file as it was before it was read; None of one of our own.
    """

    path: Path
    offset: int
    length: int
    rows: int
    identity: dict[str, int] | None


class Batches:
    """Cuts what is read of one file into ranges, in the rows' order.

    Args:
        file: The file.
        read: What reads it.
        folder: Where files of our own go.
        send: Takes each range, once its bytes are written.

    Attributes:
        sent: The number of ranges sent.
    """

    def __init__(
        self,
        file: SourceFile,
        read: FileRead,
        folder: BatchFolder,
        send: Callable[[Range], None],
    ) -> None:
        self._path = file.bare
        self._identity = file.identity()
        self._read = read
        self._folder = folder
        self._send = send
        self.sent = 0
        self._offset = self._length = self._rows = 0
        self._copy: BinaryIO | None = None
        self._behind = -1
        self._clean = _SHORTEST

    def add_run(self, run: Run) -> None:
        """Take rows that COPY can read where they stand."""
        if run.offset != self._behind and self._behind >= 0:
            self._clean = 0
        is_in_place = (
            self._path is not None and not self._read.is_recoded and self._clean >= _SHORTEST
        )
        self._clean += len(run.data)
        self._behind = run.offset + len(run.data)
        if not is_in_place:
            self._write(run.data, run.rows)
            return
        if self._copy or run.offset != self._offset + self._length:
            self.flush()
            self._offset = run.offset
        self._grow(len(run.data), run.rows)

    def add_columns(self, columns: Sequence[Values]) -> None:
        """Take checked rows."""
        self._clean = 0
        text = csv_text.encode(self._read.fields, columns, self._read.delimiter, self._read.row_end)
        self._write(text, len(columns[0]))

    def flush(self) -> None:
        """Send what was taken and not sent yet."""
        path, identity = self._path, self._identity
        if self._copy:
            self._copy.close()
            path, identity = Path(self._copy.name), None
        if self._rows and path:
            self.sent += 1
            self._send(Range(path, self._offset, self._length, self._rows, identity))
        self._copy = None
        self._offset += self._length
        self._length = self._rows = 0

    def close(self) -> None:
        """Let go of what was taken and not sent."""
        if self._copy:
            self._copy.close()

    def _write(self, data: bytes, rows: int) -> None:
        if not self._copy:
            self.flush()
            self._copy = self._folder.create()
            self._offset = 0
        self._copy.write(data)
        self._grow(len(data), rows)

    def _grow(self, length: int, rows: int) -> None:
        self._length += length
        self._rows += rows
        if self._length >= MOST_BYTES:
            self.flush()
