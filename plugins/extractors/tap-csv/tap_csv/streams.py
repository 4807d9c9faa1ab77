"""A stream: the CSV files of one table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_csv.files import FileRead
from waybill_common.files.stream import FileStream

if TYPE_CHECKING:
    from waybill_common.files.breaches import OnBreach
    from waybill_common.source_files import SourceFile


class CsvStream(FileStream):
    """The CSV files of one stream of the contract."""

    def _reader(self, file: SourceFile, on_breach: OnBreach) -> FileRead:
        return FileRead(file, self._contract, self._is_selected, self._hasher, on_breach)
