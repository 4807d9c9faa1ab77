"""Marketplace: does it grow, by what, and how much hangs on a few categories?"""

from __future__ import annotations

import math
from statistics import median
from typing import TYPE_CHECKING

from waybill_analyze import intervals, queries, wording
from waybill_analyze.findings.finding import Figure, Finding, floats, halves, series, texts

if TYPE_CHECKING:
    import pandas as pd
    from sqlalchemy import Engine

DOMAIN = "marketplace"
CURRENCY = "reais"
_LEAST_PART_OF_A_USUAL_MONTH = 0.1
_MONTHS = 12
_LEAST_MONTHS = 3
_SHOWN_CATEGORIES = 12


def growth(engine: Engine) -> Finding | None:
    """How the latest months compare with the same months a year earlier."""
    months = queries.rows(engine, "marketplace/growth")
    if months.empty:
        return None
    days = texts(months["month_start_date"])
    sales = dict(zip(days, floats(months["total_sale_amount"]), strict=True))
    orders = dict(zip(days, floats(months["order_count"]), strict=True))
    usable, left_out = _usable(months, orders)
    pairs = [(_year_before(day), day) for day in usable if _year_before(day) in usable][-_MONTHS:]
    if len(pairs) < _LEAST_MONTHS:
        return None
    revenue = _ratio(sales, pairs)
    volume = _ratio(orders, pairs)
    per_month = intervals.change([(sales[before], sales[after]) for before, after in pairs])
    word = wording.verb(per_month, "grew", "fell", "moved no more than months do by themselves")
    span = f"{pairs[0][1][:7]} to {pairs[-1][1][:7]}"
    if per_month.excludes(0):
        headline = f"Sales {word} by {wording.percent(abs(revenue - 1), 0)} over a year before"
    else:
        headline = f"Sales {word}: {wording.signed_percent(revenue - 1)} over a year before is within chance"
    return Finding(
        DOMAIN,
        "growth",
        headline,
        says=(
            (
                f"{span}: {wording.money(sum(sales[day] for _, day in pairs), CURRENCY)} in"
                f" {wording.counted(len(pairs), 'month')}, against"
                f" {wording.money(sum(sales[day] for day, _ in pairs), CURRENCY)} in the same months a"
                " year earlier."
            ),
            _by_what(revenue, volume),
        ),
        sure=(
            (
                f"The usual month changed by {wording.signed_percent(per_month.value)}"
                f" ({wording.sure(per_month, wording.signed_percent, 'pairs of months')})."
            ),
            _omitted(left_out, orders),
        ),
        besides=(
            (
                "Months of one year are not independent of each other: a trend that runs through all of"
                " them makes the interval narrower than it should be."
            ),
            "An archive that begins small shows growth that is the archive's, not the shop's.",
        ),
        figure=Figure(
            "time",
            "Sales by month of purchase",
            days,
            (series("Sales", sales.values()),),
            "money",
            "Month",
            "Prices and freight, reais",
            partial=frozenset(left_out),
        ),
        query="marketplace/growth",
    )


def _usable(months: pd.DataFrame, orders: dict[str, float]) -> tuple[list[str], list[str]]:
    """The months that stand for themselves, and those that are partial or nearly empty."""
    complete = {
        day: bool(is_complete)
        for day, is_complete in zip(
            texts(months["month_start_date"]), months["is_complete"], strict=True
        )
    }
    counts = [orders[day] for day, is_complete in complete.items() if is_complete and orders[day]]
    least = _LEAST_PART_OF_A_USUAL_MONTH * median(counts) if counts else math.inf
    usable = [day for day, is_complete in complete.items() if is_complete and orders[day] >= least]
    return usable, [day for day in complete if day not in usable]


def _year_before(day: str) -> str:
    return f"{int(day[:4]) - 1}{day[4:]}"


def _ratio(values: dict[str, float], pairs: list[tuple[str, str]]) -> float:
    return sum(values[day] for _, day in pairs) / sum(values[day] for day, _ in pairs)


def _by_what(revenue: float, volume: float) -> str:
    value = revenue / volume
    parts = (
        f"Orders went {wording.signed_percent(volume - 1)}, sales per order"
        f" {wording.signed_percent(value - 1)}"
    )
    heavier = abs(math.log(volume)) >= abs(math.log(value))
    return f"{parts}: {'the number of orders' if heavier else 'what an order is worth'} moved more."


def _omitted(left_out: list[str], orders: dict[str, float]) -> str:
    if not left_out:
        return "No month is left out."
    shown = wording.listed(
        [f"{day[:7]} ({wording.counted(orders[day], 'order')})" for day in left_out[:6]]
    )
    more = f" and {len(left_out) - 6} more" if len(left_out) > 6 else ""  # noqa: PLR2004
    return f"Not compared, as they are partial or below a tenth of the median month: {shown}{more}."


def categories(engine: Engine) -> Finding | None:
    """On how few categories the sales rest, and whether these stay the same ones."""
    table = queries.rows(engine, "marketplace/category_shares")
    shares = floats(table["share_of_sales"])
    if len(shares) < _LEAST_MONTHS or math.isnan(shares[0]):
        return None
    names = [name.replace("_", " ") for name in texts(table["category"])]
    running = 0.0
    needed = 0
    while running < 0.5:  # noqa: PLR2004 - half
        running += shares[needed]
        needed += 1
    early, late = _halves_of_time(queries.rows(engine, "marketplace/category_shares_by_month"))
    shown = min(_SHOWN_CATEGORIES, len(names))
    return Finding(
        DOMAIN,
        "categories",
        f"{needed} of {len(names)} categories bring in half of the sales",
        says=(
            (
                f"The first is {names[0]} with {wording.percent(shares[0])}, then {names[1]} with"
                f" {wording.percent(shares[1])} and {names[2]} with {wording.percent(shares[2])}."
            ),
            (
                f"The {needed} together have {wording.percent(running)}; the other"
                f" {len(names) - needed} share the rest."
            ),
        ),
        sure=(
            (
                f"All {wording.number(sum(floats(table['item_count'])))} items are counted, not a"
                " sample: the shares have no interval."
            ),
            _same_order(early, late),
        ),
        besides=(
            "Categories are the sellers' own labels; a broad label gathers more than a narrow one.",
            "Shares are of what was ordered, canceled orders among it.",
        ),
        figure=Figure(
            "bars",
            f"The {shown} largest categories by share of sales",
            tuple(names[:shown]),
            (series("Share of sales", shares[:shown]),),
            "share",
            "Category",
            "Share of all sales",
        ),
        query="marketplace/category_shares",
    )


def _halves_of_time(table: pd.DataFrame) -> tuple[dict[str, float], dict[str, float]]:
    days = texts(table["month_start_date"])
    first, second = halves(sorted(set(days)))
    totals: tuple[dict[str, float], dict[str, float]] = ({}, {})
    rows = zip(days, texts(table["category"]), floats(table["total_sale_amount"]), strict=True)
    for day, category, amount in rows:
        for half, total in zip((first, second), totals, strict=True):
            if day in half:
                total[category] = total.get(category, 0) + amount
    return totals


def _same_order(early: dict[str, float], late: dict[str, float]) -> str:
    from scipy import stats  # noqa: PLC0415 - it takes a second to import

    every = sorted({*early, *late})
    if min(len(early), len(late)) < _LEAST_MONTHS:
        return "There are too few months to see whether the order of the categories lasts."
    found = stats.spearmanr(
        [early.get(name, 0) for name in every], [late.get(name, 0) for name in every]
    )
    rho = float(found.statistic)
    how = "much the same as" if rho > 0.8 else "somewhat like" if rho > 0.5 else "unlike"  # noqa: PLR2004
    return (
        f"In the second half of the months the order of the categories is {how} that of the first"
        f" (rank correlation {rho:.2f}, n = {len(every)} categories)."
    )
