"""The life of an order: when it was bought, approved, shipped and delivered, and how it ends."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from waybill_sources import clock, world
from waybill_sources.draws import Draw, Quantiles, Weighted, fraction
from waybill_sources.world import OrderKey, World

_MONTHS: tuple[tuple[int, int, int, int], ...] = (
    # year, month, days sold in, orders per 1,000
    (2016, 9, 30, 1), (2016, 10, 31, 3), (2016, 12, 31, 1),
    (2017, 1, 31, 8), (2017, 2, 28, 18), (2017, 3, 31, 27), (2017, 4, 30, 24), (2017, 5, 31, 37), (2017, 6, 30, 33),
    (2017, 7, 31, 40), (2017, 8, 31, 44), (2017, 9, 30, 43), (2017, 10, 31, 47), (2017, 11, 30, 76), (2017, 12, 31, 57),
    (2018, 1, 31, 73), (2018, 2, 28, 68), (2018, 3, 31, 73), (2018, 4, 30, 70), (2018, 5, 31, 69), (2018, 6, 30, 62),
    (2018, 7, 31, 63), (2018, 8, 31, 75), (2018, 9, 3, 8),
)  # fmt: skip
_BY_MONTH = Weighted.of(
    {
        (clock.midnight(dt.date(year, month, 1)), days): float(weight)
        for year, month, days, weight in _MONTHS
    }
)
_SECOND_OF_DAY: Quantiles = (
    (0, 0),
    (0.04, 21_600),
    (0.2, 36_000),
    (0.55, 57_600),
    (0.85, 77_400),
    (1, 86_400),
)
_UNTIL_APPROVED: Quantiles = (
    (0, 240), (0.25, 780), (0.5, 1_230), (0.75, 52_000), (0.9, 130_000), (0.99, 330_000), (1, 600_000),
)  # fmt: skip
_UNTIL_CARRIER: Quantiles = (
    (0, 7_200), (0.25, 76_000), (0.5, 157_000), (0.75, 310_000), (0.9, 520_000), (0.99, 1_400_000), (1, 3_000_000),
)  # fmt: skip
_UNTIL_CUSTOMER: Quantiles = (
    (0, 36_000), (0.1, 180_000), (0.25, 350_000), (0.5, 610_000), (0.75, 1_040_000), (0.9, 1_640_000),
    (0.99, 3_500_000), (1, 9_000_000),
)  # fmt: skip
_DAYS_PROMISED: Quantiles = (
    (0, 3),
    (0.1, 14),
    (0.25, 19),
    (0.5, 24),
    (0.75, 29),
    (0.9, 35),
    (0.99, 51),
    (1, 120),
)

_ENDS = Weighted.of(
    {"delivered": 978.0, "shipped": 7.0, "invoiced": 2.0, "processing": 2.0, "unavailable": 6.0, "canceled": 5.0}
)  # fmt: skip
_SLOW_ROUTES_PROMISED = 0.62
_EMPTY = {"unavailable": 0.99, "canceled": 0.26}
_TWINS = 0.016
_BEFORE_PURCHASE = 0.0017

FORCED_BEFORE_PURCHASE = 205
FORCED_ENDS = {31: "unavailable", 66: "canceled", 99: "shipped", 178: "canceled"}
"""Rare cases that a sample of any size has, by number of the order in the base files."""
UNDATED = (137, 421, 862, 1_733, 3_571, 7_919, 15_485, 32_452)
"""Delivered orders without a delivery date, by number of the order in the base files."""
UNDATED_WITHOUT_CARRIER = 5


@dataclass(frozen=True, slots=True)
class Life:
    """What happens to an order, in seconds; None where it never happens.

    Attributes:
        ended: When it is canceled or found unavailable.
        end: Its last status.
        is_undated: Whether its delivery date is missing although it is delivered.
        is_empty: Whether it has no items; then it is never shipped.
    """

    purchased: int
    approved: int | None
    carrier: int | None
    customer: int | None
    promised: int
    ended: int | None
    end: str
    is_undated: bool
    is_empty: bool


def twin(world_: World, key: OrderKey) -> OrderKey | None:
    """The order that the same person placed minutes before and reviewed together with this one."""
    is_candidate = key.day == 0 and key.number % 2 == 1
    if is_candidate and fraction(world_.seed, "twin", key.number) < _TWINS:
        return OrderKey(0, key.number - 1)
    return None


def purchased_at(world_: World, key: OrderKey) -> int:
    """When an order is bought; one that arrives late was bought 3 to 25 days before."""
    if first := twin(world_, key):
        share = fraction(world_.seed, "twin's time", key.number)
        return purchased_at(world_, first) + int(share * 600)
    draw = Draw(world_.seed, "purchase", *key)
    if key.day == 0:
        first_second, days = draw.weighted(_BY_MONTH)
        midnight = first_second + draw.integer(0, days - 1) * clock.DAY
        if key.number in UNDATED:
            midnight = min(midnight, world.start(-90))
    else:
        is_late = key.number >= world_.day_sizes.orders
        midnight = world.start(key.day - (draw.integer(3, 25) if is_late else 0))
    return midnight + draw.spread(_SECOND_OF_DAY)


def life(world_: World, key: OrderKey) -> Life:
    """All that ever happens to an order; `visible` says what of it is known by then."""
    draw = Draw(world_.seed, "life", *key)
    purchased = purchased_at(world_, key)
    approved = purchased + draw.spread(_UNTIL_APPROVED)
    shipped_after = draw.spread(_UNTIL_CARRIER)
    delivered = approved + shipped_after + draw.spread(_UNTIL_CUSTOMER)
    carrier: int | None = approved + shipped_after
    customer: int | None = delivered
    promised = purchased // clock.DAY * clock.DAY + draw.spread(_DAYS_PROMISED) * clock.DAY
    if delivered >= promised + clock.DAY and draw.chance(_SLOW_ROUTES_PROMISED):
        promised = delivered // clock.DAY * clock.DAY + draw.integer(0, 9) * clock.DAY
    end = draw.weighted(_ENDS)
    is_base = key.day == 0
    is_undated = is_base and key.number in UNDATED
    if is_undated:
        end = "delivered"
        if UNDATED.index(key.number) == UNDATED_WITHOUT_CARRIER:
            carrier = None
    elif is_base:
        end = FORCED_ENDS.get(key.number, end)
        if key.number == FORCED_BEFORE_PURCHASE or draw.chance(_BEFORE_PURCHASE):
            end = "delivered"
            carrier = purchased - draw.integer(1, 48) * clock.HOUR
    ended: int | None = None
    if end == "canceled":
        ended = purchased + draw.integer(2, 240) * clock.HOUR
    elif end == "unavailable":
        ended = approved + draw.integer(24, 168) * clock.HOUR
    is_empty = draw.chance(_EMPTY.get(end, 0.0))
    if is_empty or end in {"invoiced", "processing", "unavailable"}:
        carrier = customer = None
    elif end == "shipped":
        customer = None
    return Life(
        purchased=purchased,
        approved=_before(approved, ended),
        carrier=_before(carrier, ended),
        customer=_before(customer, ended),
        promised=promised,
        ended=ended,
        end=end,
        is_undated=is_undated,
        is_empty=is_empty,
    )


def _before(second: int | None, ended: int | None) -> int | None:
    return None if second is None or (ended is not None and second >= ended) else second


def status(life_: Life, until: int) -> str:
    """The status of an order as known before the second `until`."""
    reached = (
        (life_.ended, life_.end),
        (life_.customer, "delivered"),
        (life_.carrier, "shipped"),
    )
    for second, name in reached:
        if second is not None and second < until:
            return name
    if life_.approved is None or life_.approved >= until:
        return "created"
    if life_.end in {"invoiced", "processing"}:
        return life_.end
    waiting = until - life_.approved
    if waiting <= clock.DAY // 4:
        return "approved"
    return "processing" if waiting <= clock.DAY else "invoiced"
