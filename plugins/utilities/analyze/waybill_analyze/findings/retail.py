"""Retail: what comes back, what is bought together, and on whom the shop rests."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from waybill_analyze import intervals, queries, wording
from waybill_analyze.findings.finding import Figure, Finding, floats, series, texts

if TYPE_CHECKING:
    import pandas as pd
    from sqlalchemy import Engine

DOMAIN = "retail"
CURRENCY = "pounds"
_SHOWN_PAIRS = 10
_LEAST_MONTHS = 6
_LEAST_BASKETS = 10


def returns(engine: Engine) -> Finding | None:
    """Which part of what is charged comes back."""
    months = queries.rows(engine, "retail/returns_by_month")
    months = months[months["gross_amount"].astype(float) > 0]
    if months.empty:
        return None
    days = texts(months["month_start_date"])
    gross, returned = floats(months["gross_amount"]), floats(months["returned_amount"])
    orders, cancellations = (
        sum(floats(months[column])) for column in ("order_count", "cancellation_count")
    )
    whole = sum(returned) / sum(gross)
    most = max(range(len(days)), key=lambda at: returned[at] / gross[at])
    partial = {day for day, full in zip(days, months["is_complete"], strict=True) if not bool(full)}
    return Finding(
        DOMAIN,
        "returns",
        f"Of 100 pounds charged, {wording.number(100 * whole, 1)} are given back",
        says=(
            (
                f"{wording.money(sum(returned), CURRENCY)} of {wording.money(sum(gross), CURRENCY)} were"
                f" given back; the month with the highest part is {days[most][:7]} with"
                f" {wording.percent(returned[most] / gross[most])}"
                f"{', though it is not complete' if days[most] in partial else ''}."
            ),
            (
                f"There are {wording.counted(cancellations, 'cancellation')} to"
                f" {wording.counted(orders, 'order')}."
            ),
        ),
        sure=(
            _by_month([back / out for back, out in zip(returned, gross, strict=True)]),
            (
                "All lines are counted; an interval can only be over months, as lines of one invoice"
                " come back together."
            ),
        ),
        besides=(
            (
                "A cancellation counts in the month in which it is written, not in that of the sale, so"
                " a month can give back what another one charged."
            ),
            "A few large cancellations that undo a mistaken entry weigh as much as many small ones.",
        ),
        figure=Figure(
            "time",
            "Charged and given back, by month",
            days,
            (series("Charged", gross), series("Given back", returned)),
            "money",
            "Month",
            "Pounds",
            partial=frozenset(partial),
        ),
        query="retail/returns_by_month",
    )


def _by_month(parts: list[float]) -> str:
    if len(parts) < _LEAST_MONTHS:
        return f"{wording.counted(len(parts), 'month')}: too few to say how much the part varies."
    usual = intervals.mean(parts)
    return (
        f"The usual month gives {wording.percent(usual.value)} back"
        f" ({wording.sure(usual, wording.percent, 'months')})."
    )


@dataclass(frozen=True)
class Pair:
    """Two items on one invoice.

    Attributes:
        lift: How many times as often as chance would have it.
        ratio: How many times as likely the second item is on an invoice that has the first than on
            one that has not, at a level that holds for all pairs together.
    """

    first: str
    second: str
    baskets: int
    first_baskets: int
    lift: float
    confidence: float
    ratio: intervals.Interval

    @property
    def label(self) -> str:
        """Both in a few words."""
        return f"{_short(self.first)} + {_short(self.second)}"


def _short(description: str) -> str:
    words = description.capitalize()
    return words if len(words) <= 30 else f"{words[:29].rstrip()}…"  # noqa: PLR2004


def pairs(table: pd.DataFrame) -> list[Pair]:
    """The pairs of `retail/pairs`, those that are told apart from chance most surely first."""
    if table.empty:
        return []
    # Each pair is a test: the level of each is such that all hold together.
    level = 1 - (1 - intervals.LEVEL) / len(table)
    found = [_pair(row, level) for row in table.to_dict("records")]
    return sorted(found, key=lambda pair: (-pair.ratio.low, pair.label))


def _pair(row: dict[str, object], level: float) -> Pair:
    both, first, second, every = (
        int(str(row[f"{name}basket_count"]))
        for name in ("pair_", "first_item_", "second_item_", "")
    )
    return Pair(
        str(row["first_description"] or row["first_item_code"]),
        str(row["second_description"] or row["second_item_code"]),
        both,
        first,
        float(str(row["lift"])),
        float(str(row["confidence_first_to_second"])),
        intervals.risk_ratio(both, first, second - both, every - first, level=level),
    )


def bought_together(engine: Engine) -> Finding | None:
    """Which two items are on one invoice far more often than chance would have it."""
    table = queries.rows(engine, "retail/pairs")
    found = [pair for pair in pairs(table) if not math.isnan(pair.ratio.low)]
    sure = [pair for pair in found if pair.ratio.low > 1 and pair.baskets >= _LEAST_BASKETS]
    if not found:
        return None
    baskets = int(table["basket_count"].iloc[0])
    top = (sure or found)[0]
    if sure:
        headline = (
            f"{_short(top.first)} and {_short(top.second)}: bought together {top.lift:.0f} times as"
            " often as by chance"
        )
    else:
        headline = "No two items are bought together so often that it could not be chance"
    shown = sorted((sure or found)[:_SHOWN_PAIRS], key=lambda pair: -pair.lift)
    return Finding(
        DOMAIN,
        "bought-together",
        headline,
        says=(
            (
                f"They are together in {wording.counted(top.baskets, 'invoice')};"
                f" {wording.percent(top.confidence)} of the {wording.number(top.first_baskets)} invoices"
                " with the first have the second, too."
            ),
            f"{wording.counted(len(sure), 'pair')} of {len(table)} are surely no chance.",
        ),
        sure=(
            (
                f"With the first on the invoice the second is {wording.times(top.ratio.value)} as likely"
                f" ({wording.number(top.ratio.low, 1)} to {wording.number(top.ratio.high, 1)}, at a level"
                f" at which all {len(table)} pairs hold together at 95 %;"
                f" n = {wording.number(baskets)} invoices)."
            ),
            (
                f"Asked for: {_LEAST_BASKETS} common invoices and a ratio above 1. Pairs rarer than the"
                " variable item_pairs_min_support are not in the mart."
            ),
        ),
        besides=(
            (
                "Variants of one article, such as two colours, are often ordered as a set by shops that"
                " sell on."
            ),
            "One customer who orders the same list again and again makes a pair by himself.",
        ),
        figure=Figure(
            "bars",
            "Pairs of items on one invoice, by how much more often than by chance",
            tuple(pair.label for pair in shown),
            (series("Lift", [pair.lift for pair in shown]),),
            "number",
            "Pair",
            "Times as often as by chance (lift)",
        ),
        query="retail/pairs",
    )


def segments(engine: Engine) -> Finding | None:
    """On which customers the shop rests."""
    table = queries.rows(engine, "retail/segment_value")
    table = table[table["customer_count"].astype(float) > 0]
    if len(table) < 2:  # noqa: PLR2004 - a comparison needs two
        return None
    names = texts(table["rfm_segment"])
    people, money = floats(table["customer_share"]), floats(table["net_share"])
    best = max(range(len(names)), key=lambda at: money[at])
    size = sum(floats(table["customer_count"]))
    share = intervals.share(float(table["customer_count"].iloc[best]), size)
    return Finding(
        DOMAIN,
        "segments",
        f"{wording.percent(people[best], 0)} of the customers, those called {names[best]}, bring"
        f" {wording.percent(money[best], 0)} of what is kept",
        says=(
            (
                f"They bring {wording.money(float(table['net_amount'].iloc[best]), CURRENCY)} after"
                f" returns, {wording.times(money[best] / people[best])} their part of the customers."
            ),
        ),
        sure=(
            f"Part of the customers: {wording.sure(share, wording.percent, 'customers')}.",
            (
                "Customers without a number, a quarter of the lines in the published archive, are in no"
                " segment."
            ),
        ),
        besides=(
            (
                "Segments are cut by money and by days since the last order, so part of this is their"
                " definition."
            ),
            "Large buyers of this shop are shops themselves; their orders follow their own seasons.",
        ),
        figure=Figure(
            "bars",
            "Customers and net sales by segment",
            names,
            (series("Share of customers", people), series("Share of net sales", money)),
            "share",
            "Segment",
            "Share",
        ),
        query="retail/segment_value",
    )
