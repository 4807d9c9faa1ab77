from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from waybill_analyze import formats


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (Decimal("1234567.891"), "money", "1,234,567.89"),
        (Decimal("0.0656"), "share", "6.6 %"),
        (Decimal(1000), "count", "1,000"),
        (0, "count", "0"),
        (Decimal("4.085"), "score", "4.08"),
        (Decimal("12.34"), "days", "12.3"),
        (None, "count", "-"),
        (float("nan"), "money", "-"),
        (dt.date(2018, 9, 1), "month", "Sep 2018"),
        (dt.date(2018, 9, 3), "week", "2018-09-03"),
        (dt.datetime(2018, 9, 3, 4, 5, 6, tzinfo=dt.UTC), "moment", "2018-09-03 04:05 UTC"),
        (True, "yes", "yes"),
        (False, "yes", "no"),
        (999, "bytes", "999 B"),
        (1_234_567, "bytes", "1.2 MB"),
        (5_000_000_000_000, "bytes", "5.0 TB"),
        ("São Paulo", "text", "São Paulo"),
    ],
)
def test_a_value_reads_as_its_unit(value: Any, unit: formats.Unit, words: str) -> None:
    """Protects the figures people read from a wrong scale, and zero from looking like nothing."""
    assert formats.written(value, unit) == words
