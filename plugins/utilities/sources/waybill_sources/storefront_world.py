"""The settings and the calendar of the storefront samples."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from waybill_sources.draws import fraction

if TYPE_CHECKING:
    from waybill_sources.settings import StorefrontDay

LAST_DATE = dt.date(2024, 6, 30)
"""Day 0; a next day is day 1, 2, …"""
FIRST_MOMENT = dt.datetime(2024, 1, 1, 6, 0, 0)  # noqa: DTZ001 (a column without a zone)
"""When the tables were first filled."""
_DAYS = (LAST_DATE - FIRST_MOMENT.date()).days


@dataclass(frozen=True)
class StorefrontWorld:
    """The settings that decide every row.

    Attributes:
        orders: Orders in the base tables.
        day_sizes: What each next day appends.
    """

    seed: int
    orders: int
    day_sizes: StorefrontDay

    @property
    def recent(self) -> int:
        """How many of the base orders are still being processed on day 0."""
        return min(self.day_sizes.orders, self.orders // 4)

    def total(self, day: int) -> int:
        """How many orders there are at the end of a day."""
        return self.orders + day * self.day_sizes.orders

    def day_of(self, order: int) -> int:
        """The day on which an order becomes visible."""
        beyond = order - self.orders
        return beyond // self.day_sizes.orders + 1 if beyond >= 0 else 0

    def customers(self, day: int) -> int:
        """How many customers there are: a next day has one new, who ordered on the day before."""
        return max(20, self.orders // 8) + day

    @property
    def products(self) -> int:
        """How many products there are."""
        return 60 + min(self.orders // 50, 940)


def date(day: int) -> dt.date:
    """The date of a day of the samples."""
    return LAST_DATE + dt.timedelta(days=day)


def ordered_at(world: StorefrontWorld, order: int) -> dt.datetime:
    """When an order was made; later for a higher number, but for the first of a next day, which is late."""
    share = fraction(world.seed, "ordered", order)
    if day := world.day_of(order):
        at = (order - world.orders) % world.day_sizes.orders
        if at == 0:
            newest = ordered_at(world, order - 1)
            return newest - dt.timedelta(seconds=world.day_sizes.late_seconds)
        opens = dt.datetime.combine(date(day), dt.time(8))
        return opens + dt.timedelta(seconds=int(36_000 * (at + share) / world.day_sizes.orders))
    days = _DAYS * (order + share) / world.orders
    return FIRST_MOMENT + dt.timedelta(seconds=int(days * 86_400))


def changed_on(world: StorefrontWorld, table: str, number: int, of: int, day: int) -> int:
    """The last next day up to `day` on which a customer or product was changed; 0: never."""
    for changed in range(day, 0, -1):
        if int(fraction(world.seed, "changed", table, changed) * of) == number:
            return changed
    return 0


def changed_at(day: int) -> dt.datetime:
    """When the rows that change on a next day are written."""
    return dt.datetime.combine(date(day), dt.time(7, 30))
