from __future__ import annotations

import csv
import datetime as dt
import io
from decimal import Decimal

import pandas as pd
import pytest

from waybill_analyze import downloads


def _read(frame: pd.DataFrame) -> list[list[str]]:
    return list(csv.reader(io.StringIO(downloads.csv_of(frame).decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+49 40", "-2", "@sum(A1)", "\t=1", "\r=1", " =1", "\uff1dcmd", "\ufeff=1", "\n"],
)
def test_no_text_of_the_data_is_run_as_a_formula(text: str) -> None:
    """Protects who opens a file whose customers, items or reasons somebody else has written."""
    ((heading,), (cell,)) = _read(pd.DataFrame({"name": [text]}))
    assert (heading, cell) == ("name", f"'{text}")


def test_a_heading_is_no_formula_either() -> None:
    """A query can name a column as it likes."""
    assert _read(pd.DataFrame({"=1+1": [1]}))[0] == ["'=1+1"]


def test_numbers_dates_and_missing_values_are_exact() -> None:
    """Protects cents: a decimal is written as it is, also a negative one, and nothing is not zero."""
    frame = pd.DataFrame(
        {
            "amount": [Decimal("-0.10"), Decimal("12345678901234567.89")],
            "count": pd.Series([3, None], dtype=object),
            "day": [dt.date(2018, 1, 31), None],
            "flag": [True, False],
            "text": ['a, "b"\nc', "São Paulo"],
        }
    )
    assert _read(frame)[1:] == [
        ["-0.10", "3", "2018-01-31", "true", 'a, "b"\nc'],
        ["12345678901234567.89", "", "", "false", "São Paulo"],
    ]


def test_a_spreadsheet_sees_that_it_is_utf_8() -> None:
    """Without the mark a spreadsheet takes it for its own code page."""
    assert downloads.csv_of(pd.DataFrame({"a": ["ã"]})).startswith(b"\xef\xbb\xbf")
