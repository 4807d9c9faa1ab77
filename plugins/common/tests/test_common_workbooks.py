from __future__ import annotations

import csv
import datetime as dt
import io
from typing import TYPE_CHECKING, Any

import pytest
import xlsxwriter

from waybill_common import source_files, workbooks
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


def _workbook(path: Path, sheets: Mapping[str, Sequence[Sequence[Any]]]) -> Path:
    with xlsxwriter.Workbook(path, {"default_date_format": "dd/mm/yyyy hh:mm"}) as workbook:
        for name, rows in sheets.items():
            sheet = workbook.add_worksheet(name)
            for number, row in enumerate(rows):
                for place, cell in enumerate(row):
                    if cell is not None:
                        sheet.write(number, place, cell)
    return path


def _rows(path: Path) -> list[list[str]]:
    (file,) = source_files.of_path(path, "WAYBILL_TEST").matching("*.csv")
    with file.open() as content:
        text = b"".join(iter(lambda: content.read(7), b"")).decode()
    return list(csv.reader(io.StringIO(text)))


def test_a_cell_is_written_as_what_it_holds(tmp_path: Path) -> None:
    """Protects codes and numbers, which Excel keeps as floats, and moments, whatever format shows them."""
    cells = [
        536365,
        "22423",
        2.55,
        0.001,
        -80995,
        dt.datetime.fromisoformat("2010-12-01T08:26:00"),
        True,
        None,
        'a,"b"\nc',
    ]
    path = _workbook(tmp_path / "a.xlsx", {"Online Retail": [["name"] * 9, cells]})
    assert _rows(path)[1] == [
        *("536365", "22423", "2.55", "0.001", "-80995", "2010-12-01 08:26:00", "true", "", 'a,"b"\nc'),
    ]  # fmt: skip


def test_a_line_has_the_number_of_its_row(tmp_path: Path) -> None:
    """Protects the line that a dead letter names, and the header where a title stands above it."""
    path = _workbook(tmp_path / "a.xlsx", {"one": [["n"], [], [1]], "empty": []})
    assert _rows(path) == [["n"], [], ["1"]]
    path = _workbook(tmp_path / "b.xlsx", {"one": [[], ["n"]]})
    assert _rows(path) == [[], ["n"]]


def test_two_sheets_with_rows_are_refused(tmp_path: Path) -> None:
    """Protects against the silent loss of every sheet but the first."""
    path = _workbook(tmp_path / "a.xlsx", {"2010": [["n"]], "2011": [["n"]]})
    with pytest.raises(WaybillError, match=r"a\.xlsx has rows in 2 sheets: 2010, 2011"):
        _rows(path)


def test_what_is_no_workbook_is_named(tmp_path: Path) -> None:
    """Protects from a traceback where a page of an error was saved under the name."""
    (tmp_path / "a.xlsx").write_text("<html>not found</html>")
    with pytest.raises(WaybillError, match=r"a\.xlsx cannot be read"):
        _rows(tmp_path / "a.xlsx")


def test_each_reader_has_its_own_place_in_one_conversion(tmp_path: Path) -> None:
    """Protects a header that is looked at while the file is read; a workbook is converted once for both."""
    path = _workbook(tmp_path / "a.xlsx", {"one": [["n"], [1], [2]]})
    with path.open("rb") as stored:
        first = workbooks.as_csv(stored, "here")
    with path.open("rb") as stored, workbooks.as_csv(stored, "here") as second:
        assert first.read(2) == b"n\n"
        assert second.read(100) == b"n\n1\n2\n"
    assert first.read(100) == b"1\n2\n"
    first.close()
