"""What a set of Olist samples is made from, and how its days are counted."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from waybill_sources import clock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from waybill_sources.settings import OlistDay

LAST_DAY = dt.date(2018, 9, 3)
"""The last day that the base files know of: day 0. A next day is day 1, 2, …"""


ORDERS_PER_PRODUCT = 3
"""Each third order of the base files is the first to buy a new product."""


class OrderKey(NamedTuple):
    """An order by the day it arrives in the files (0: the base files) and its number within it."""

    day: int
    number: int


@dataclass(frozen=True)
class World:
    """The settings that decide every row.

    Attributes:
        orders: How many orders the base files hold.
        day_sizes: What each next day appends.
        undated: Ids of the delivered orders whose delivery date is missing, as the contract lists them.
        unpaid: Id of the one order without a payment, as the contract lists it.
    """

    seed: int
    orders: int
    day_sizes: OlistDay
    undated: tuple[str, ...]
    unpaid: str

    def keys(self, days: range) -> Iterator[OrderKey]:
        """The orders that arrive on the given days."""
        for day in days:
            sizes = self.day_sizes
            count = sizes.orders + sizes.late_orders if day else self.orders
            for number in range(count):
                yield OrderKey(day, number)

    def products(self, day: int) -> int:
        """How many products there are at the end of a day."""
        base = (self.orders + ORDERS_PER_PRODUCT - 1) // ORDERS_PER_PRODUCT
        return base + day * self.day_sizes.products


def date(day: int) -> dt.date:
    """The date of a day of the samples."""
    return LAST_DAY + dt.timedelta(days=day)


def start(day: int) -> int:
    """The first second of a day of the samples."""
    return clock.midnight(date(day))


def end(day: int) -> int:
    """The first second after a day of the samples."""
    return start(day) + clock.DAY


def day_of(second: int) -> int:
    """The day in whose files something that happened at `second` first stands; never before 0."""
    return max(0, second // clock.DAY - clock.midnight(LAST_DAY) // clock.DAY)
