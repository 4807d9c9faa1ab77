"""The calendar of the totesys samples: orders on working days, payments settled in the morning.

Days of the samples are working days: day 0 is the last one of the base tables, a next day is day 1, 2, …
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from waybill_sources.draws import fraction

if TYPE_CHECKING:
    from waybill_sources.settings import TotesysDay

FIRST_MOMENT = dt.datetime(2022, 11, 3, 14, 20, 49, 962_000)  # noqa: DTZ001 (a column without a zone)
"""When the tables were first filled."""
LAST_DATE = dt.date(2024, 11, 15)

_MONDAY = dt.date(2022, 10, 31)
_FIRST = 3
_LAST = (LAST_DATE - _MONDAY).days // 7 * 5 + LAST_DATE.weekday()
_DAYS_OF_SAMPLE = _LAST - _FIRST + 1
_RECENT_DAYS = 5
_OPENS = dt.timedelta(hours=8)
_OPEN_FOR = dt.timedelta(hours=10)
_SETTLED_AT = dt.timedelta(hours=7, minutes=55, seconds=11)


@dataclass(frozen=True)
class TotesysWorld:
    """The settings that decide every row.

    Attributes:
        orders: Sales and purchase orders in the base tables, together.
        day_sizes: What each next day appends.
    """

    seed: int
    orders: int
    day_sizes: TotesysDay

    def total(self, day: int) -> int:
        """How many orders there are at the end of a day."""
        return self.orders + day * self.day_sizes.orders

    def day_of(self, number: int) -> int:
        """The day on which an order becomes visible."""
        beyond = number - self.orders
        return beyond // self.day_sizes.orders + 1 if beyond >= 0 else 0


def date(day: int) -> dt.date:
    """The date of a working day of the samples; negative days are before the last of the base."""
    weeks, weekday = divmod(_LAST + day, 5)
    return _MONDAY + dt.timedelta(days=weeks * 7 + weekday)


def _moment(date_: dt.date, after_midnight: dt.timedelta) -> dt.datetime:
    moment = dt.datetime.combine(date_, dt.time()) + after_midnight
    return moment.replace(microsecond=moment.microsecond // 1_000 * 1_000)


def _open(day: int, share: float) -> dt.datetime:
    return _moment(date(day), _OPENS + _OPEN_FOR * share)


def created_at(world: TotesysWorld, number: int) -> dt.datetime:
    """When an order, its transaction and its payment were made; later for a higher number.

    The base orders fill the two years of the sample evenly, but for a busy last week, so that a next
    day has payments to settle also in a small sample. The first orders of a next day are late ones:
    they were made a little before the newest order of the day before.
    """
    share = fraction(world.seed, "moment", number)
    if day := world.day_of(number):
        sizes = world.day_sizes
        position = (number - world.orders) % sizes.orders
        if position < sizes.late_orders:
            newest = created_at(world, world.orders + (day - 1) * sizes.orders - 1)
            return newest - dt.timedelta(seconds=sizes.late_seconds + position)
        regular = sizes.orders - sizes.late_orders
        return _open(day, (position - sizes.late_orders + share) / regular)
    recent = max(world.orders // 106, min(150, world.orders // 8))
    older = world.orders - recent
    if number < older:
        at, days, first = (
            (number + share) / older,
            _DAYS_OF_SAMPLE - _RECENT_DAYS,
            1 - _DAYS_OF_SAMPLE,
        )
    else:
        at, days, first = (number - older + share) / recent, _RECENT_DAYS, 1 - _RECENT_DAYS
    whole, within = divmod(at * days, 1)
    return max(_open(first + int(whole), within), FIRST_MOMENT + dt.timedelta(seconds=2))


def changed_at(world: TotesysWorld, day: int) -> dt.datetime:
    """When the dimension rows of a next day are changed."""
    share = fraction(world.seed, "change", day)
    return _moment(date(day), dt.timedelta(hours=9, minutes=30, seconds=60 * share))


def settled_at(world: TotesysWorld, due: dt.date) -> dt.datetime:
    """When the payments due on a date are settled."""
    share = fraction(world.seed, "settled", due.isoformat())
    return _moment(due, _SETTLED_AT + dt.timedelta(seconds=share))


def is_settled(created: dt.datetime, due: dt.date, today: dt.date) -> bool:
    """Whether a payment has been made by the end of `today`.

    What is due on a weekend, or on the day it was made, misses its morning and stays open.
    """
    saturday = 5
    return created.date() < due <= today and due.weekday() < saturday
