"""Figures in words: each form, and words that change only where the interval lets them."""

from __future__ import annotations

import math

from waybill_analyze import wording
from waybill_analyze.intervals import Interval


def test_numbers_are_written_as_people_read_them() -> None:
    """One form everywhere: no cents on large amounts, no bare long digits, no line break before %."""
    assert wording.money(15_843_553.24, "reais") == "15.84 million reais"
    assert wording.money(154.104) == "154.10"
    assert wording.money(12_345.6, "pounds") == "12,346 pounds"
    assert wording.percent(0.0789) == "7.9\u00a0%"
    assert wording.signed_percent(-0.05) == "-5\u00a0%"
    assert wording.counted(1, "state") == "1 state"
    assert wording.counted(2, "state") == "2 states"
    assert wording.listed(["a", "b", "c"]) == "a, b and c"
    assert wording.listed([]) == ""


def test_a_word_needs_an_interval_that_excludes_the_even() -> None:
    """`rose` for a difference that chance makes would be the report's worst error."""
    words = ("rose", "fell", "stayed")
    assert wording.verb(Interval(0.2, 0.1, 0.3, 9), *words) == "rose"
    assert wording.verb(Interval(-0.2, -0.3, -0.1, 9), *words) == "fell"
    assert wording.verb(Interval(0.2, -0.1, 0.5, 9), *words) == "stayed"
    assert wording.verb(Interval(0.3, 0.29, 0.31, 9), *words, against=2 / 7) == "rose"


def test_the_interval_stands_with_the_size_of_the_sample() -> None:
    """A reader who is not told how many there were cannot judge anything."""
    sure = wording.sure(Interval(0.08, 0.07, 0.09, 1234), wording.percent, "orders")
    assert sure == "95\u00a0% interval 7.0\u00a0% to 9.0\u00a0%, n = 1,234 orders"
    assert "no interval" in wording.sure(Interval(1.0, math.nan, math.nan, 3))
    assert "one observation" in wording.sure(Interval(1.0, -math.inf, math.inf, 1))
