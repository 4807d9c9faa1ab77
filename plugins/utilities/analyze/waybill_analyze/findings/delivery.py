"""Marketplace: where parcels come late, and what a late one does to the review."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from waybill_analyze import intervals, queries, wording
from waybill_analyze.findings.finding import Figure, Finding, floats, series, texts
from waybill_analyze.findings.sales import DOMAIN

if TYPE_CHECKING:
    import pandas as pd
    from sqlalchemy import Engine

_LATE = "late"
_ON_TIME = "on time"
_SCORES = (1, 2, 3, 4, 5)
_LEAST_DELIVERIES = 30
_LEAST_REVIEWS = 10


@dataclass(frozen=True)
class _Reviews:
    """How often each score was given, by the outcome of the delivery and the month."""

    counts: dict[tuple[str, str, int], float]

    @classmethod
    def of(cls, table: pd.DataFrame) -> _Reviews:
        rows = zip(
            texts(table["delivery_outcome"]),
            texts(table["month_start_date"]),
            floats(table["review_score"]),
            floats(table["review_count"]),
            strict=True,
        )
        return cls({(outcome, day, int(score)): count for outcome, day, score, count in rows})

    def with_score(self, outcome: str, score: int) -> float:
        return sum(
            count
            for (each, _, value), count in self.counts.items()
            if each == outcome and value == score
        )

    def moments(self, outcome: str, day: str | None = None) -> intervals.Moments:
        found = [
            (float(score), count)
            for (each, when, score), count in self.counts.items()
            if each == outcome and day in (None, when)
        ]
        return intervals.Moments.counted(
            [score for score, _ in found], [count for _, count in found]
        )

    def within_months(self) -> tuple[float, int]:
        """The mean difference between late and on time inside each month, and in how many months."""
        days = sorted({day for _, day, _ in self.counts})
        pairs = [(self.moments(_LATE, day), self.moments(_ON_TIME, day)) for day in days]
        pairs = [pair for pair in pairs if min(pair[0].size, pair[1].size)]
        weight = math.fsum(late.size for late, _ in pairs)
        if not weight:
            return math.nan, 0
        total = math.fsum(late.size * (late.average - other.average) for late, other in pairs)
        return total / weight, len(pairs)


def late_reviews(engine: Engine) -> Finding | None:
    """By how much a late parcel lowers the score."""
    reviews = _Reviews.of(queries.rows(engine, "marketplace/scores_by_outcome"))
    late, on_time = reviews.moments(_LATE), reviews.moments(_ON_TIME)
    if min(late.size, on_time.size) < _LEAST_REVIEWS:
        return None
    difference = intervals.mean_difference(late, on_time)
    ones = intervals.risk_ratio(
        reviews.with_score(_LATE, 1), late.size, reviews.with_score(_ON_TIME, 1), on_time.size
    )
    within, months = reviews.within_months()
    if difference.excludes(0):
        side = "fewer" if difference.value < 0 else "more"
        headline = f"Late parcels get {abs(difference.value):.1f} stars {side} than those on time"
    else:
        headline = "No difference in stars between late parcels and those on time can be told"
    says = [
        (
            f"The mean score is {late.average:.2f} for late orders and {on_time.average:.2f} for those"
            " on time."
        )
    ]
    if ones.size:
        says.append(
            f"A single star is {wording.times(ones.value)} as likely"
            f" ({wording.sure(ones, lambda each: f'{each:.1f}', 'reviews')})."
        )
    return Finding(
        DOMAIN,
        "late-reviews",
        headline,
        says=tuple(says),
        sure=(
            (
                f"Difference {difference.value:+.2f} stars"
                f" ({wording.sure(difference, lambda each: f'{each:+.2f}', 'reviews')}; of these"
                f" {wording.number(late.size)} of late orders)."
            ),
            (
                f"Within the same month it is {within:+.2f} on average of"
                f" {wording.counted(months, 'month')}{_season(difference, within)}."
            ),
        ),
        besides=(
            (
                "Nobody was made late by lot: distance, the seller and the product may cause both a late"
                " parcel and a bad score."
            ),
            "Who is asked for a review before the parcel is there judges the waiting, not the goods.",
        ),
        figure=Figure(
            "bars",
            "Scores of late orders and of those on time",
            tuple(wording.counted(score, "star") for score in _SCORES),
            tuple(
                series(
                    outcome.capitalize(),
                    [reviews.with_score(outcome, score) / of.size for score in _SCORES],
                )
                for outcome, of in ((_ON_TIME, on_time), (_LATE, late))
            ),
            "share",
            "Review score",
            "Share of the reviews",
        ),
        query="marketplace/scores_by_outcome",
    )


def _season(difference: intervals.Interval, within: float) -> str:
    if math.isnan(within) or not difference.excludes(0):
        return ""
    if within * difference.value > 0 and abs(within) >= abs(difference.value) / 2:
        return ", so the season explains little of it"
    return ", so the season explains much of it"


def late_by_state(engine: Engine) -> Finding | None:
    """In which states more parcels come late than in the country as a whole."""
    table = queries.rows(engine, "marketplace/late_by_state")
    if table.empty:
        return None
    delivered = floats(table["delivered_order_count"])
    late = floats(table["late_order_count"])
    overall = intervals.share(sum(late), sum(delivered))
    if overall.size < _LEAST_DELIVERIES:
        return None
    # One interval in twenty misses by chance: with many states each is held to a stricter level.
    level = 1 - (1 - intervals.LEVEL) / len(table)
    states = sorted(
        (
            (state, intervals.share(hits, size, level=level))
            for state, hits, size in zip(texts(table["state"]), late, delivered, strict=True)
            if size >= _LEAST_DELIVERIES
        ),
        key=lambda pair: (-pair[1].value, pair[0]),
    )
    worse = [state for state, each in states if each.low > overall.value]
    better = [state for state, each in states if each.high < overall.value]
    average, promised = (
        sum(days * size for days, size in zip(floats(table[column]), delivered, strict=True))
        / overall.size
        for column in ("average_delivery_days", "average_promised_days")
    )
    return Finding(
        DOMAIN,
        "late-by-state",
        _headline(overall, worse),
        says=(
            (
                f"{wording.number(sum(late))} of {wording.number(overall.size)} delivered orders came"
                f" after the promised day; they took {average:.1f} days, of {promised:.1f} promised."
            ),
            _ends(states) if states else "No state has enough deliveries to be judged alone.",
        ),
        sure=(
            f"All states: {wording.sure(overall, wording.percent, 'orders')}.",
            (
                f"{len(states)} of {len(table)} states have {_LEAST_DELIVERIES} deliveries or more;"
                f" {wording.counted(len(worse), 'is', 'are')} above the whole and {len(better)} below"
                f" it at a level of {wording.percent(level, 2)} each, so that all hold together at 95 %."
            ),
        ),
        besides=(
            (
                "States differ in distance from the sellers, and in what was promised: a short promise"
                " is broken more easily."
            ),
            "A few bad weeks of one carrier can make a state late for all time.",
        ),
        figure=Figure(
            "intervals",
            "Orders that came late, by state of the customer",
            tuple(state for state, _ in states),
            (series("Late", [each.value for _, each in states]),),
            "share",
            "State",
            "Late, of delivered orders",
            ends=tuple((each.low, each.high) for _, each in states),
            reference=(overall.value, "all states"),
        ),
        query="marketplace/late_by_state",
    )


def _headline(overall: intervals.Interval, worse: list[str]) -> str:
    whole = f"{wording.percent(overall.value)} of the orders come late"
    if not worse:
        return f"{whole}, and no state is surely worse than the others"
    return (
        f"{whole}; {wording.counted(len(worse), 'state')} surely more: {', '.join(worse[:4])}"
        + (
            "" if len(worse) <= 4 else " …"  # noqa: PLR2004
        )
    )


def _ends(states: list[tuple[str, intervals.Interval]]) -> str:
    (worst, most), (best, least) = states[0], states[-1]
    return (
        f"From {wording.percent(least.value)} in {best} ({wording.number(least.size)} orders) to"
        f" {wording.percent(most.value)} in {worst} ({wording.number(most.size)} orders)."
    )
