"""Marketplace: who comes back, and what people are worth."""

from __future__ import annotations

from typing import TYPE_CHECKING

from waybill_analyze import intervals, queries, wording
from waybill_analyze.findings.finding import Figure, Finding, floats, series, texts
from waybill_analyze.findings.sales import CURRENCY, DOMAIN

if TYPE_CHECKING:
    import pandas as pd
    from sqlalchemy import Engine

_MONTHS = 12
_LEAST_PEOPLE = 30


def repeat(engine: Engine) -> Finding | None:
    """Which part of the people has ordered again so many months after the first order."""
    cohorts = queries.rows(engine, "marketplace/repeat_by_months_since")
    curve = _curve(cohorts)
    if not curve:
        return None
    values = queries.rows(engine, "marketplace/lifetime_values")
    people = sum(floats(values["customer_count"]))
    again = sum(
        count
        for orders, count in zip(
            floats(values["order_count"]), floats(values["customer_count"]), strict=True
        )
        if orders > 1
    )
    overall = intervals.share(again, people)
    months, at_end = max(curve.items())
    at_start = curve[0]
    return Finding(
        DOMAIN,
        "repeat",
        f"{wording.percent(overall.value)} of the people have ordered more than once",
        says=(
            f"{wording.number(again)} of {wording.number(people)} people have two orders or more.",
            (
                f"Of those who could be followed for {wording.counted(months, 'month')},"
                f" {wording.percent(at_end.value)} had ordered again by then,"
                f" {wording.percent(at_start.value)} within the month of the first order."
            ),
        ),
        sure=(
            f"All people: {wording.sure(overall, wording.percent, 'people')}.",
            (
                f"Followed for {wording.counted(months, 'month')}:"
                f" {wording.sure(at_end, wording.percent, 'people')}; whoever began later is left out,"
                " as they have had less time."
            ),
        ),
        besides=(
            (
                "Whoever orders under another account counts as someone else, so the true part is"
                " higher if anything."
            ),
            (
                "Orders of one person on one day are separate orders here, so part of the repeats in"
                " month 0 are one purchase in two parcels."
            ),
        ),
        figure=Figure(
            "steps",
            "People who have ordered again, by months since the first order",
            tuple(str(month) for month in curve),
            (series("Ordered again", [each.value for each in curve.values()]),),
            "share",
            "Months since the month of the first order",
            "Share of people, cumulative",
        ),
        query="marketplace/repeat_by_months_since",
    )


def _curve(cohorts: pd.DataFrame) -> dict[int, intervals.Interval]:
    """The share that has ordered again by each month since, of cohorts seen for the whole span."""
    if cohorts.empty:
        return {}
    complete = cohorts[cohorts["is_complete"].astype(bool)]
    seen: dict[str, dict[int, tuple[float, float]]] = {}
    rows = zip(
        texts(complete["cohort_month_start_date"]),
        floats(complete["months_since"]),
        floats(complete["cohort_customer_count"]),
        floats(complete["cumulative_repeat_customer_count"]),
        strict=True,
    )
    for cohort, since, people, repeating in rows:
        seen.setdefault(cohort, {})[int(since)] = (people, repeating)
    for span in range(_MONTHS, 0, -1):
        whole = [cohort for cohort in seen.values() if span in cohort]
        if sum(cohort[0][0] for cohort in whole) >= _LEAST_PEOPLE:
            return {
                month: intervals.share(
                    sum(cohort[month][1] for cohort in whole),
                    sum(cohort[month][0] for cohort in whole),
                )
                for month in range(span + 1)
            }
    return {}


def segments(engine: Engine) -> Finding | None:
    """Which segment brings more than its share of people."""
    table = queries.rows(engine, "marketplace/segment_value")
    table = table[table["customer_count"].astype(float) > 0]
    if len(table) < 2:  # noqa: PLR2004 - a comparison needs two
        return None
    names = texts(table["rfm_segment"])
    people = floats(table["customer_share"])
    money = floats(table["revenue_share"])
    best = max(range(len(names)), key=lambda at: money[at] - people[at])
    worst = min(range(len(names)), key=lambda at: money[at] - people[at])
    value = _value_of_a_person(queries.rows(engine, "marketplace/lifetime_values"))
    size = sum(floats(table["customer_count"]))
    share = intervals.share(float(table["customer_count"].iloc[best]), size)
    return Finding(
        DOMAIN,
        "segments",
        f"{wording.percent(people[best], 0)} of the people, those called {names[best]}, bring"
        f" {wording.percent(money[best], 0)} of the revenue",
        says=(
            (
                f"{names[best].capitalize()} spend {wording.times(money[best] / people[best])} their"
                f" share of the people; {names[worst]}"
                f" {wording.times(money[worst] / people[worst])}."
            ),
            f"A person has spent {wording.money(value.value, CURRENCY)} on average so far.",
        ),
        sure=(
            (f"Mean spent per person: {wording.sure(value, wording.money, 'people')}."),
            f"Part of the people in that segment: {wording.sure(share, wording.percent, 'people')}.",
        ),
        besides=(
            (
                "Segments are cut by what was spent, so that a segment of large spenders brings much is"
                " part of its definition; how much is not."
            ),
            "What was spent so far is no forecast: people who came last have had less time.",
        ),
        figure=Figure(
            "bars",
            "People and revenue by segment",
            names,
            (series("Share of people", people), series("Share of revenue", money)),
            "share",
            "Segment",
            "Share",
        ),
        query="marketplace/segment_value",
    )


def _value_of_a_person(values: pd.DataFrame) -> intervals.Interval:
    moments = intervals.Moments.counted(floats(values["revenue"]), floats(values["customer_count"]))
    return intervals.mean_of_moments(moments.size, moments.average, moments.variance)
