"""Days and times as text: ISO 8601, of days that exist."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING

from waybill_common.values import Pattern

if TYPE_CHECKING:
    from collections.abc import Sequence

_DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_CLOCK = "(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\\.[0-9]{1,6})?)?"
_OFFSET = "Z|[+-](?:0[0-9]|1[0-4])(?::?[0-5][0-9])?"
DATE = re.compile(_DAY)
TIMESTAMP = re.compile(f"{_DAY}(?:[ T]{_CLOCK})?")
TIMESTAMPTZ = re.compile(f"{_DAY}(?:[ T]{_CLOCK}(?:{_OFFSET})?)?")

_DAYS_REMEMBERED = 50_000


class Calendar(Pattern):
    """`date`, `timestamp`, `timestamptz`: ISO 8601 texts of days that exist."""

    def __init__(
        self, pattern: re.Pattern[str], expected: str, *, json_format: str, has_zone: bool = False
    ) -> None:
        super().__init__(pattern, expected)
        self.json_format = json_format
        self.has_zone = has_zone
        self._days: set[str] = set()

    def admits(self, value: str) -> bool:
        """Whether it has the form and its day exists."""
        return self.pattern.fullmatch(value) is not None and self._exists(value[:10])

    def admits_all(self, values: Sequence[str]) -> bool:
        """The same for many values at once."""
        if not all(map(self.pattern.fullmatch, values)):
            return False
        days = {value[:10] for value in values} - self._days
        return all(map(self._exists, days))

    def convert(self, value: str) -> str:
        """The time in ISO 8601; where the type has a zone and the text has none, it is UTC."""
        if self.json_format == "date":
            return value
        moment = dt.datetime.fromisoformat(value)
        if self.has_zone and moment.tzinfo is None:
            moment = moment.replace(tzinfo=dt.UTC)
        return moment.isoformat()

    def _exists(self, day: str) -> bool:
        if day in self._days:
            return True
        try:
            dt.date.fromisoformat(day)
        except ValueError:
            return False
        if len(self._days) >= _DAYS_REMEMBERED:
            self._days.clear()
        self._days.add(day)
        return True
