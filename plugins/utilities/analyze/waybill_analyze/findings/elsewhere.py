"""Trade, storefront and attribution: one question each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from waybill_analyze import intervals, queries, wording
from waybill_analyze.findings.finding import Figure, Finding, floats, series, texts

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from waybill_analyze.intervals import Interval

_LEAST_WEEKS = 3
_WEEKS = 8
_SHOWN_WEEKS = 52
_TENTH = 0.1


def sales_by_week(engine: Engine) -> Finding | None:
    """Whether the last weeks of trade's sales differ from those before."""
    weeks = queries.rows(engine, "trade/sales_by_week")
    if weeks.empty:
        return None
    weeks = weeks.tail(_SHOWN_WEEKS)
    currency = str(weeks["reporting_currency_code"].iloc[-1])
    days, amounts = texts(weeks["week_start_date"]), floats(weeks["reporting_sale_amount"])
    complete = [bool(each) for each in weeks["is_complete"]]
    # The first week of the data is as partial as the last, but nothing in the data says so.
    counted = [amount for amount, full in zip(amounts[1:], complete[1:], strict=True) if full]
    span = min(_WEEKS, len(counted) // 2)
    if span < _LEAST_WEEKS:
        return None
    before, after = (
        intervals.Moments.counted(part, [1.0] * len(part))
        for part in (counted[-2 * span : -span], counted[-span:])
    )
    difference = intervals.mean_difference(after, before)
    change = after.average / before.average - 1
    word = wording.verb(difference, "rose", "fell", "")
    if word:
        headline = (
            f"Weekly sales {word} by {wording.percent(abs(change), 0)} in the last {span} weeks"
        )
    else:
        headline = (
            f"Weekly sales of the last {span} weeks cannot be told apart from those before"
            f" ({wording.signed_percent(change)})"
        )
    missing = sum(floats(weeks["unconverted_order_count"]))
    return Finding(
        "trade",
        "sales-by-week",
        headline,
        says=(
            (
                f"A week had {wording.money(after.average, currency)} on average, after"
                f" {wording.money(before.average, currency)} in the {span} weeks before."
            ),
        ),
        sure=(
            (
                f"Difference of the means {_amount(difference.value, currency)}"
                f" ({wording.sure(difference, lambda each: _amount(each, currency), 'weeks')})."
            ),
            (
                f"Partial weeks are left out; {wording.counted(missing, 'order')} without an exchange rate"
                " of the day are in no amount."
            ),
        ),
        besides=(
            "Amounts of several currencies are added in one: a rate that moves looks like sales.",
            "A few weeks say nothing of the season.",
        ),
        figure=Figure(
            "time",
            f"Sales by week, in {currency}",
            days,
            (series("Sales", amounts),),
            "money",
            "Week that begins on",
            currency,
            period="week",
            partial=frozenset(day for day, full in zip(days, complete, strict=True) if not full),
        ),
        query="trade/sales_by_week",
    )


def _amount(value: float, currency: str) -> str:
    return f"{'+' if value >= 0 else '-'}{wording.money(abs(value), currency)}"


def spending(engine: Engine) -> Finding | None:
    """How much of the storefront's sales the customers who spend most bring."""
    table = queries.rows(engine, "storefront/spending")
    amounts = floats(table["total_amount_spent"])
    whole = sum(amounts)
    if len(amounts) < 1 / _TENTH or not whole:
        return None
    tenths = [
        sum(amounts[_at(tenth, len(amounts)) : _at(tenth + 1, len(amounts))]) / whole
        for tenth in range(10)
    ]
    each = intervals.mean(amounts)
    top = _at(1, len(amounts))
    return Finding(
        "storefront",
        "spending",
        f"The tenth of the customers who spend most bring {wording.percent(tenths[0], 0)} of the sales",
        says=(
            (
                f"{wording.counted(top, 'customer')} of {wording.number(len(amounts))} who ordered spent"
                f" {wording.money(sum(amounts[:top]))} of {wording.money(whole)}."
            ),
            f"The half that spends least brings {wording.percent(sum(tenths[5:]), 0)}.",
        ),
        sure=(
            (
                f"Mean spent per customer {wording.money(each.value)}"
                f" ({wording.sure(each, wording.money, 'customers')})."
            ),
            "All customers with an order are counted; rejected rows are not.",
        ),
        besides=(
            (
                "Even customers who are alike do not spend alike in a short time: part of the gap is"
                " chance of who has ordered by now."
            ),
        ),
        figure=Figure(
            "bars",
            "Share of the sales by tenth of the customers",
            ("first tenth", *(f"tenth {tenth}" for tenth in range(2, 11))),
            (series("Share of sales", tenths),),
            "share",
            "Tenth of the customers, those who spend most first",
            "Share of all sales",
        ),
        query="storefront/spending",
    )


def _at(tenth: int, size: int) -> int:
    return round(tenth * size * _TENTH)


def channels(engine: Engine) -> Finding | None:
    """Whether it matters which click a sale is owed to."""
    table = queries.rows(engine, "attribution/channels")
    names = [name.replace("_", " ") for name in texts(table["channel"])]
    first, last = floats(table["first_click_revenue"]), floats(table["last_click_revenue"])
    counts = floats(table["first_click_checkout_count"])
    whole, every = sum(first), sum(counts)
    if not whole or len(names) < 2:  # noqa: PLR2004 - a comparison needs two
        return None
    unowed = sum(count for name, count in zip(names, counts, strict=True) if name == "unattributed")
    share: Interval = intervals.share(unowed, every)
    gaps = [(one - other) / whole for one, other in zip(first, last, strict=True)]
    widest = max(range(len(names)), key=lambda at: abs(gaps[at]))
    owed = [at for at in range(len(names)) if names[at] != "unattributed"]
    top = max(owed, key=lambda at: first[at])
    of_top = intervals.share(counts[top], every)
    return Finding(
        "attribution",
        "channels",
        f"{names[top].capitalize()} opens {wording.percent(of_top.value, 0)} of the checkouts;"
        f" {wording.percent(share.value, 0)} have no click that led to them",
        says=(
            (
                f"By the first click {names[top]} brings {wording.money(first[top])} of"
                f" {wording.money(whole)}."
            ),
            (
                f"Counted by the last click instead, {names[widest]} changes most:"
                f" {wording.points(-gaps[widest])} of the revenue."
            ),
        ),
        sure=(
            f"{names[top].capitalize()}: {wording.sure(of_top, wording.percent, 'checkouts')}.",
            f"No click: {wording.sure(share, wording.percent, 'checkouts')}.",
        ),
        besides=(
            "A click before a checkout is no cause of it: who meant to buy clicks as well.",
            (
                "Clicks more than an hour before the checkout do not count"
                " (docs/decisions/attribution.md)."
            ),
        ),
        figure=Figure(
            "bars",
            "Revenue by channel, owed to the first and to the last click",
            tuple(names),
            (series("First click", first), series("Last click", last)),
            "money",
            "Channel",
            "Revenue",
        ),
        query="attribution/channels",
    )
