"""One file from open to end: checked columns out, and what the bookmark keeps of it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from tap_csv import checks, layout
from tap_csv.reader import BLOCK_BYTES, CsvReader, MalformedCsvError
from waybill_common import pii
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tap_csv.checks import Values
    from tap_csv.layout import Field
    from tap_csv.reader import ByteStream
    from tap_csv.sources import SourceFile
    from waybill_common.contracts import Stream


class FileRead:
    """Reads one file once.

    Args:
        file: The file.
        stream: What the contract says of it.
        is_selected: Whether a column, by name, is wanted.
        hasher: Hashes personal data; None where none of the columns is hashed.

    Attributes:
        fields: The columns that are read, in the file's order; known once the header is.
    """

    def __init__(
        self,
        file: SourceFile,
        stream: Stream,
        is_selected: Callable[[str], bool],
        hasher: pii.Hasher | None,
    ) -> None:
        self._file = file
        self._stream = stream
        self._is_selected = is_selected
        self._hasher = hasher
        self.fields: list[Field] = []
        self.entry: dict[str, Any] = {}

    def columns(self) -> Iterator[list[Values]]:
        """The file's values as they land, chunk by chunk; `entry` is known when they end.

        Raises:
            WaybillError: The file cannot be read or breaks the contract; names file, line, column.
        """
        place = self._file.place
        with self._file.open() as content:
            reader = _reader(content, place)
            header = reader.header.row
            known = layout.of_header(header, self._stream, place)
            self.fields = [field for field in known if self._is_selected(field.name)]
            checker = checks.RowChecker(self.fields, len(header), checks.refuse(place))
            totals = checks.Totals(self.fields)
            try:
                for chunk in reader.chunks():
                    columns = checker.columns(chunk)
                    totals.add(columns)
                    yield self._hashed(columns)
            except MalformedCsvError as error:
                raise _malformed(place, error) from error
        self.entry = {
            "sha256": reader.sha256,
            "size": reader.size,
            "rows": totals.rows,
            "totals": totals.texts,
        }

    def _hashed(self, columns: list[Values]) -> list[Values]:
        if self._hasher is None:
            return columns
        return [
            pii.hashed(column, self._hasher.of_sql_type(field.hashed_type))
            if field.hashed_type
            else column
            for field, column in zip(self.fields, columns, strict=True)
        ]


def header(file: SourceFile) -> list[str]:
    """The names in a file's first record.

    Raises:
        WaybillError: The file cannot be read, or is not CSV.
    """
    with file.open() as content:
        return _reader(content, file.place).header.row


def is_unchanged(file: SourceFile, known: Mapping[str, Any] | None, fingerprint: str) -> bool:
    """Whether a file's content is what was sent before, and would be sent the same way.

    Another size proves a change; that nothing changed is only proven by the content's hash. A time
    stamp or an archive's CRC is no proof.

    Args:
        file: The file.
        known: The file's entry in the bookmark.
        fingerprint: What it would be read as now.
    """
    if known is None or known.get("read_as") != fingerprint:
        return False
    if file.size is not None and file.size != known["size"]:
        return False
    digest = hashlib.sha256()
    with file.open() as content:
        while data := content.read(BLOCK_BYTES):
            digest.update(data)
    return bool(digest.hexdigest() == known["sha256"])


def _reader(content: ByteStream, place: str) -> CsvReader:
    try:
        return CsvReader(content)
    except MalformedCsvError as error:
        raise _malformed(place, error) from error


def _malformed(place: str, error: MalformedCsvError) -> WaybillError:
    msg = f"{place}, line {error.line}: not CSV: {error.reason}."
    return WaybillError(msg, "Mend the quotes: a quote inside a quoted field is written twice.")
