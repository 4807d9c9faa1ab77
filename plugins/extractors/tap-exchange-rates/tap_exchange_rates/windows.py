"""Quarters of the calendar: what one request asks for, and what the target replaces as a whole."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_MONTHS = 3
_DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Window:
    """The days of one quarter that are asked for, both ends included.

    Attributes:
        name: The quarter, such as `2024-Q4`; names sort by time.
    """

    name: str
    first: dt.date
    last: dt.date

    def __contains__(self, day: object) -> bool:
        """Whether a day is one of them."""
        return isinstance(day, dt.date) and self.first <= day <= self.last

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.last - self.first).days + 1


def between(first: dt.date, last: dt.date) -> Iterator[Window]:
    """The quarters from a day to another, the first and the last of them cut there."""
    start = first
    while start <= last:
        quarter = (start.month - 1) // _MONTHS + 1
        follower = _quarter_start(start.year, quarter + 1)
        yield Window(f"{start.year}-Q{quarter}", start, min(follower - _DAY, last))
        start = follower


def _quarter_start(year: int, quarter: int) -> dt.date:
    years, place = divmod(quarter - 1, 4)
    return dt.date(year + years, place * _MONTHS + 1, 1)
