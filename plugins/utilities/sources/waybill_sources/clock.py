"""Time in the samples: whole seconds since 1970-01-01 00:00:00, without a zone."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache

MINUTE = 60
HOUR = 3_600
DAY = 86_400

_EPOCH = dt.date(1970, 1, 1).toordinal()


def midnight(date: dt.date) -> int:
    """The first second of a date."""
    return (date.toordinal() - _EPOCH) * DAY


def date_of(second: int) -> dt.date:
    """The date a second is in."""
    return dt.date.fromordinal(second // DAY + _EPOCH)


@lru_cache(maxsize=8_192)
def _date_text(day: int) -> str:
    return dt.date.fromordinal(day + _EPOCH).isoformat()


def text(second: int) -> str:
    """YYYY-MM-DD HH:MM:SS."""
    day, rest = divmod(second, DAY)
    hour, rest = divmod(rest, HOUR)
    return f"{_date_text(day)} {hour:02d}:{rest // MINUTE:02d}:{rest % MINUTE:02d}"
