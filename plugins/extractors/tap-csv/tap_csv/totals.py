"""Rows and exact sums of the control total columns."""

from __future__ import annotations

import math
import re
from decimal import Decimal, localcontext
from typing import TYPE_CHECKING

from waybill_common.values import EXACT

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tap_csv.checks import Values
    from tap_csv.layout import Field

_DECIMALS = [re.compile(rb"\.[0-9]{%d}" % count) for count in range(1, 10)]
_SAFE = 2**50
"""Values' number times their largest, in units of the last decimal: beyond it floats may be off."""


class Totals:
    """Rows and exact sums of the control total columns.

    Args:
        fields: The columns that are read.
    """

    def __init__(self, fields: Sequence[Field]) -> None:
        self._fields = fields
        self.rows = 0
        self.sums = {field.name: Decimal() for field in fields if field.is_control_total}

    def add(self, columns: Sequence[Values]) -> None:
        """Count a chunk of columns, one for each field."""
        self.rows += len(columns[0])
        for field, column in zip(self._fields, columns, strict=True):
            if field.is_control_total:
                self._add(field.name, exact_sum(value for value in column if value is not None))

    def add_run(self, rows: int, columns: Iterable[Sequence[bytes]]) -> None:
        """Count a run of rows.

        Args:
            rows: Their number.
            columns: For each control total, its fields as they stand in the file.
        """
        self.rows += rows
        for name, column in zip(self.sums, columns, strict=True):
            self._add(name, sum_of_fields(column))

    @property
    def texts(self) -> dict[str, str]:
        """The sums as plain decimals, without exponent."""
        return {name: f"{total:f}" for name, total in self.sums.items()}

    def _add(self, name: str, total: Decimal) -> None:
        with localcontext(EXACT):
            self.sums[name] += total


def exact_sum(values: Iterable[str]) -> Decimal:
    """The sum of decimal texts, with as many decimals as the longest has."""
    with localcontext(EXACT):
        return sum(map(Decimal, values), Decimal())


def sum_of_fields(fields: Sequence[bytes]) -> Decimal:
    """The same of CSV fields that may be quoted or empty, and have no exponent.

    A float is off by at most 2^-53 of its value. Where all errors together stay far below half a
    unit of the last decimal, the sum rounded to that decimal is the exact one.
    """
    text = b",".join(fields)
    if b'"' in text:
        text = text.replace(b'"', b"")
        fields = text.split(b",")
    present = [field for field in fields if field] if b"" in fields else fields
    if b"." not in text:
        return Decimal(sum(map(int, present)))
    decimals = _decimals(text)
    longest = max(map(len, present))
    if decimals is None or len(present) * 10 ** (longest + decimals) >= _SAFE:
        return exact_sum(field.decode() for field in present)
    units = round(math.fsum(map(float, present)) * 10**decimals)
    return Decimal(units).scaleb(-decimals, EXACT)


def _decimals(text: bytes) -> int | None:
    """Most digits after a point; None where there are many."""
    for decimals, more in enumerate(_DECIMALS):
        if not more.search(text):
            return decimals
    return None
