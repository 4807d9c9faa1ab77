from __future__ import annotations

import datetime as dt

import pytest

from waybill_common import durations
from waybill_common.errors import WaybillError


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("45s", 45), ("30m", 1800), ("90", 90), (" 2h ", 7200), ("1d", 86_400)],
)
def test_a_span_is_read_in_its_unit(text: str, seconds: int) -> None:
    """A deadline of 30m that were read as seconds would be missed at each run."""
    assert durations.parse(text) == dt.timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "text", ["", "30 min", "0m", "-5m", "1.5h", "m", "5 weeks", "9" * 30 + "d"]
)
def test_what_is_no_span_is_refused_by_name(text: str) -> None:
    """A typing error in a deadline must not become no deadline."""
    with pytest.raises(ValueError, match=r"span of time"):
        durations.parse(text)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (0.4, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (7500, "2 h 5 min"),
        (90_061, "1 d 1 h"),
    ],
)
def test_a_span_is_told_in_its_two_largest_units(seconds: float, words: str) -> None:
    """A message says how long something has been wrong, and nobody divides by 3,600."""
    assert durations.in_words(dt.timedelta(seconds=seconds)) == words


def test_a_variable_that_holds_no_span_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    # Protects the remedy: which setting it is, and what it may hold.
    monkeypatch.delenv("WAYBILL_SPAN", raising=False)
    assert durations.of_variable("WAYBILL_SPAN", "15m") == dt.timedelta(minutes=15)
    monkeypatch.setenv("WAYBILL_SPAN", "soon")
    with pytest.raises(WaybillError, match="WAYBILL_SPAN") as caught:
        durations.of_variable("WAYBILL_SPAN", "15m")
    assert "15m" in caught.value.remedy
