"""Rows as a file for a spreadsheet."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

_RUN = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""The four signs, and the same as full-width characters."""
_SKIPPED = " \t\r\n\v\f\u00a0\ufeff"
"""What a spreadsheet may leave out at the beginning of a cell before it looks for a formula."""


def csv_of(frame: pd.DataFrame) -> bytes:
    """The rows as CSV in UTF-8 with a byte order mark, by which spreadsheets know it.

    Numbers and dates are exact; a text that a spreadsheet would run as a formula has an apostrophe
    before it.
    """
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow([_cell(str(name)) for name in frame.columns])
    for row in frame.astype(object).itertuples(index=False, name=None):
        writer.writerow([_cell(value) for value in row])
    return file.getvalue().encode("utf-8-sig")


def _cell(value: Any) -> str:
    if value is None or value != value:  # noqa: PLR0124 - only NaN differs from itself
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, str) and (
        value.startswith(("\t", "\r", "\n")) or value.lstrip(_SKIPPED).startswith(_RUN)
    ):
        return f"'{value}"
    return str(value)
