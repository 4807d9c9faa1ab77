"""Excel workbooks (.xlsx) as the CSV that they would be saved as: UTF-8, with commas."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import io
import os
import tempfile
from typing import TYPE_CHECKING, BinaryIO

from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from python_calamine import CalamineSheet

    Cell = int | float | str | bool | dt.time | dt.date | dt.datetime | dt.timedelta

_CHUNK = 1 << 20
_EXACT = 2.0**53
"""From here on a float does not hold every whole number."""
_latest: dict[str, int] = {}
"""The CSV of the last workbook, an open file by the hash of its bytes: a run reads it up to four times."""


class Text(io.RawIOBase):
    """The CSV of a workbook, with a position of its own.

    Args:
        descriptor: Of the open file that holds it.
    """

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self._descriptor = os.dup(descriptor)
        self._position = 0

    def read(self, size: int = -1, /) -> bytes:
        """Up to `size` bytes; none at the end."""
        data = os.pread(self._descriptor, _CHUNK if size < 0 else size, self._position)
        self._position += len(data)
        return data

    def close(self) -> None:
        """Let go of the file."""
        if not self.closed:
            os.close(self._descriptor)
        super().close()


def as_csv(stored: BinaryIO, place: str) -> Text:
    """The rows of the one sheet that has any.

    A whole number is written without a fraction, a moment as `2010-12-01 08:26:00`, an empty cell as an empty
    field, and a row without a cell as a blank line, so that lines have the numbers of their rows.

    Args:
        stored: The workbook; all of its sheet is in memory while it is converted.
        place: Where it is, for messages.

    Raises:
        WaybillError: The package that reads workbooks is missing, or more than one sheet has rows.
    """
    data = stored.read()
    digest = hashlib.sha256(data).hexdigest()
    if digest not in _latest:
        with tempfile.TemporaryFile() as file:
            text = io.TextIOWrapper(file, encoding="utf-8", newline="")
            _write(_sheet(data, place), text)
            text.detach()
            file.flush()
            descriptor = os.dup(file.fileno())
        for replaced in _latest.values():
            os.close(replaced)
        _latest.clear()
        _latest[digest] = descriptor
    return Text(_latest[digest])


def _sheet(data: bytes, place: str) -> CalamineSheet:
    try:
        from python_calamine import CalamineWorkbook  # noqa: PLC0415 - few sources have a workbook
    except ImportError as error:
        msg = f"{place}: reading .xlsx needs the package python-calamine."
        raise WaybillError(msg, "Install it, or save the sheet as CSV.") from error
    workbook = CalamineWorkbook.from_filelike(io.BytesIO(data))
    sheets = [workbook.get_sheet_by_name(name) for name in workbook.sheet_names]
    filled = [sheet for sheet in sheets if sheet.height]
    if len(filled) > 1:
        names = ", ".join(sheet.name for sheet in filled)
        msg = f"{place} has rows in {len(filled)} sheets: {names}."
        raise WaybillError(msg, "Save each sheet as a workbook of its own.")
    return (filled or sheets)[0]


def _write(sheet: CalamineSheet, text: io.TextIOWrapper) -> None:
    writer = csv.writer(text, lineterminator="\n")
    for row in sheet.iter_rows():  # those before the first cell too
        fields = [_field(cell) for cell in row]
        if any(fields):
            writer.writerow(fields)
        else:
            text.write("\n")


def _field(cell: Cell) -> str:
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < _EXACT else repr(cell)
    if isinstance(cell, dt.datetime):
        return cell.isoformat(sep=" ")
    return str(cell)
