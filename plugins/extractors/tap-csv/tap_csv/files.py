"""One file from open to end: checked columns out, and what the bookmark keeps of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from tap_csv import checks, layout, look
from tap_csv.reader import CHUNK_ROWS, CsvReader
from waybill_common.errors import WaybillError
from waybill_common.files.fields import hashed
from waybill_common.files.tape import MalformedError, Tape
from waybill_common.files.totals import Totals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from waybill_common import pii
    from waybill_common.contracts import Stream
    from waybill_common.files.batches import Run
    from waybill_common.files.breaches import OnBreach, Values
    from waybill_common.files.fields import Field
    from waybill_common.source_files import SourceFile

_LONG_RUN = 16
"""Rows that make up for a look: where runs are shorter, more and more rows go unlooked at."""


class FileRead:
    """Reads one file once.

    Args:
        file: The file.
        stream: What the contract says of it.
        is_selected: Whether a column, by name, is wanted.
        hasher: Hashes personal data; None where none of the columns is hashed.
        on_breach: Told of each row that breaks the contract.

    Attributes:
        fields: The columns that are read, in the file's order; known once the header is.
        delimiter: Parts the fields of the runs, and is to part those of rows between them.
        row_end: Ends them.
        is_recoded: Whether the runs' bytes differ from the file's.
        sha256: Hash of what was read so far.
        entry: What the bookmark keeps of it; known at the end.
    """

    def __init__(
        self,
        file: SourceFile,
        stream: Stream,
        is_selected: Callable[[str], bool],
        hasher: pii.Hasher | None,
        on_breach: OnBreach,
    ) -> None:
        self._file = file
        self._stream = stream
        self._is_selected = is_selected
        self._hasher = hasher
        self._on_breach = on_breach
        self.fields: list[Field] = []
        self.delimiter, self.row_end = ",", "\n"
        self.sha256 = ""
        self.is_recoded = False
        self.entry: dict[str, Any] = {}

    def columns(self) -> Iterator[list[Values]]:
        """The file's values as they land, chunk by chunk; `entry` is known when they end.

        Raises:
            WaybillError: The file cannot be read or breaks the contract; names file, line, column.
        """
        return cast("Iterator[list[Values]]", self.parts(is_looked_at=False))

    def parts(self, *, is_looked_at: bool = True) -> Iterator[Run | list[Values]]:
        """The file's rows in their order: runs that COPY can read as they stand, and checked values.

        Args:
            is_looked_at: Whether there may be such runs.

        Raises:
            WaybillError: The file cannot be read or breaks the contract; names file, line, column.
        """
        place = self._file.place
        identity = self._file.identity()
        with self._file.open() as content:
            try:
                tape = Tape(content, self._stream.dialect.encoding)
                yield from self._parts(tape, is_looked_at=is_looked_at)
            except MalformedError as error:
                raise _malformed(place, error) from error
        if self._file.identity() != identity:
            msg = f"{place} has changed while it was read. Nothing of it is kept."
            raise WaybillError(msg, "Run again once nothing writes to it.")

    def _parts(self, tape: Tape, *, is_looked_at: bool) -> Iterator[Run | list[Values]]:
        reader = CsvReader(tape, self._stream.dialect)
        raw = reader.header.raw
        header = layout.named(reader.header.row, self._stream)
        known = layout.of_header(header, self._stream, self._file.place)
        self.fields = [field for field in known if self._is_selected(field.name)]
        line_end = raw[len(raw.rstrip("\r\n")) :]
        self.is_recoded = tape.is_recoded
        width = len(header)
        checker = checks.RowChecker(self.fields, width, self._on_breach)
        totals = Totals(self.fields)
        seen = None
        if is_looked_at:
            seen = look.of_file(self.fields, width, self._stream.dialect, line_end.encode())
        if seen:
            self.delimiter, self.row_end = self._stream.dialect.delimiter, line_end
        count = 1 if seen else CHUNK_ROWS
        while True:
            if seen:
                reader.rewind()
                run = seen.run(tape)
                self.sha256 = tape.sha256
                if run:
                    totals.add_run(run.rows, run.columns)
                    count = 1 if run.rows >= _LONG_RUN else count
                    yield run
                    continue
            if not (chunk := reader.take(count)):
                break
            self.sha256 = tape.sha256
            columns = checker.columns(chunk)
            totals.add(columns)
            count = min(2 * count, CHUNK_ROWS)
            if columns[0]:
                yield hashed(self.fields, columns, self._hasher)
        self.entry = {
            "sha256": tape.sha256,
            "size": tape.size,
            "rows": totals.rows + checker.breaches,
            "totals": totals.texts,
        }


def header(file: SourceFile, stream: Stream) -> list[str]:
    """The names of a file's columns, as the contract has them.

    Raises:
        WaybillError: The file cannot be read, or is not CSV.
    """
    with file.open() as content:
        try:
            tape = Tape(content, stream.dialect.encoding)
            return layout.named(CsvReader(tape, stream.dialect).header.row, stream)
        except MalformedError as error:
            raise _malformed(file.place, error) from error


def _malformed(place: str, error: MalformedError) -> WaybillError:
    msg = f"{place}, line {error.line}: not CSV: {error.reason}."
    return WaybillError(msg, "Mend the quotes: a quote inside a quoted field is written twice.")
