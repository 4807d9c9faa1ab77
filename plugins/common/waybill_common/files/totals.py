"""Rows and exact sums of the control total columns."""

from __future__ import annotations

import math
import re
from decimal import Decimal, localcontext
from operator import mul
from typing import TYPE_CHECKING

from waybill_common.values import EXACT

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from waybill_common.files.breaches import Values
    from waybill_common.files.fields import Field

_PLACES = 20
"""Characters of a field that is added place by place."""
_WRITTEN = b"%%%db" % _PLACES
_DIGITS = tuple(b"0123456789")
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
    """The same of CSV fields that may be quoted or empty, and have no exponent."""
    text = b",".join(fields)
    if b'"' in text:
        text = text.replace(b'"', b"")
        fields = text.split(b",")
    total = _sum_by_places(fields)
    return _sum_by_floats(fields, text) if total is None else total


def _sum_by_places(fields: Sequence[bytes]) -> Decimal | None:
    """Adds as one does on paper: written under each other, place by place from the right.

    Returns:
        The sum; None where a field is long, has a sign, or has other decimals than the others.
    """
    count = len(fields)
    written = (_WRITTEN * count) % tuple(fields)
    if len(written) != count * _PLACES:
        return None
    present = count - written[_PLACES - 1 :: _PLACES].count(b" ")
    units = place = decimals = 0
    for at in reversed(range(_PLACES)):
        column = written[at::_PLACES]
        empty = column.count(b" ")
        if empty == count:
            break
        if column.count(b".") == present:
            decimals = place
            continue
        digits = [column.count(digit) for digit in _DIGITS]
        if empty + sum(digits) != count:
            return None
        units += sum(map(mul, digits, range(10))) * 10**place
        place += 1
    return Decimal(units).scaleb(-decimals, EXACT)


def _sum_by_floats(fields: Sequence[bytes], text: bytes) -> Decimal:
    """Of fields of any decimals.

    A float is off by at most 2^-53 of its value. Where all errors together stay far below half a
    unit of the last decimal, the sum rounded to that decimal is the exact one.
    """
    present = [field for field in fields if field]
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
