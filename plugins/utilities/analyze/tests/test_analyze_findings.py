"""What the marts say: each sentence follows from the rows, and turns when they do."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest

from waybill_analyze.findings import catalogue, customers, delivery, elsewhere, retail, sales

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import Engine

    MakeMart = Callable[[str, str, Sequence[Sequence[object]]], None]

_MONTHS = "month_start_date date, is_complete boolean, order_count bigint, total_sale_amount numeric(18, 2)"


def _months(first_year: Sequence[int], second_year: Sequence[int]) -> list[tuple[object, ...]]:
    """Rows of two years by their orders, ten reais each; a last month that is not complete."""
    rows: list[tuple[object, ...]] = [
        (dt.date(year, month, 1), True, count, 10 * count)
        for year, counts in ((2016, first_year), (2017, second_year))
        for month, count in enumerate(counts, start=1)
    ]
    return [*rows, (dt.date(2018, 1, 1), False, 1, 10)]


def _growth(mart: MakeMart, reader: Engine, before: list[int], after: list[int]) -> str:
    mart("marketplace.rpt_monthly_sales", _MONTHS, _months(before, after))
    found = sales.growth(reader)
    assert found is not None
    return " ".join((found.headline, *found.says, *found.sure))


def test_growth_is_said_only_where_the_months_agree(mart: MakeMart, reader: Engine) -> None:
    """Protects `grew` from noise, `fell` from a swapped sign, and both from the partial month."""
    usual = [100, 110, 90, 105, 95, 100, 100, 98, 102, 104, 96, 100]
    doubled = [2 * each + at for at, each in enumerate(usual)]
    up = _growth(mart, reader, usual, doubled)
    assert "grew by 106\u00a0%" in up
    assert "2018-01 (1 order)" in up
    assert "n = 12 pairs" in up
    assert "fell by 51\u00a0%" in _growth(mart, reader, doubled, usual)
    mixed = [each * (3 if at % 2 else 1) // 2 for at, each in enumerate(usual)]
    noise = _growth(mart, reader, usual, mixed)
    assert "within chance" in noise
    assert "grew" not in noise


def test_nothing_is_said_of_less_than_three_pairs_of_months(mart: MakeMart, reader: Engine) -> None:
    """A young shop has no year before; a sentence about it would be made up."""
    mart("marketplace.rpt_monthly_sales", _MONTHS, _months([100, 100], [200, 200]))
    assert sales.growth(reader) is None
    mart("marketplace.rpt_monthly_sales", _MONTHS, [])
    assert sales.growth(reader) is None


def test_categories_are_counted_until_half_of_the_sales(mart: MakeMart, reader: Engine) -> None:
    """Protects the number in the headline, and whether the order of the categories lasts."""
    shares = [("toys", 0.4), ("auto", 0.2), ("health_beauty", 0.15), ("art", 0.15), ("pets", 0.1)]
    mart(
        "marketplace.rpt_category_sales",
        "category text, sales_rank bigint, item_count bigint, total_sale_amount numeric, share_of_sales numeric",
        [(name, at + 1, 10, 100 * share, share) for at, (name, share) in enumerate(shares)],
    )
    for sign, word in ((1, "much the same as"), (-1, "unlike")):
        mart(
            "marketplace.rpt_category_monthly_sales",
            "month_start_date date, category text, total_sale_amount numeric",
            [
                (dt.date(2017, month, 1), name, 10 + (sign if month == 2 else 1) * at)
                for month in (1, 2)
                for at, (name, _) in enumerate(shares)
            ],
        )
        found = sales.categories(reader)
        assert found is not None
        assert found.headline.startswith("2 of 5 categories")
        assert "health beauty with 15.0" in found.says[0]
        assert word in found.sure[1]


_SCORES = "month_start_date date, delivery_outcome text, review_score integer, review_count bigint"


def _reviews(late: tuple[int, int], on_time: tuple[int, int]) -> list[tuple[object, ...]]:
    """Reviews with one star and with five, by outcome, in two months alike."""
    return [
        (dt.date(2017, month, 1), outcome, score, count)
        for month in (1, 2)
        for outcome, counts in (("late", late), ("on time", on_time))
        for score, count in zip((1, 5), counts, strict=True)
    ]


def test_late_parcels_are_compared_with_those_on_time(mart: MakeMart, reader: Engine) -> None:
    """Protects the sign of the difference, its interval, and the look within the months."""
    mart("marketplace.rpt_review_scores", _SCORES, _reviews((60, 40), (100, 900)))
    found = delivery.late_reviews(reader)
    assert found is not None
    assert found.headline == "Late parcels get 2.0 stars fewer than those on time"
    assert "6.0 times as likely" in found.says[1]
    assert "of these 200 of late orders" in found.sure[0]
    assert "the season explains little" in found.sure[1]
    mart("marketplace.rpt_review_scores", _SCORES, _reviews((5, 45), (100, 900)))
    found = delivery.late_reviews(reader)
    assert found is not None
    assert found.headline.startswith("No difference")
    assert found.figure.series[1].values == (0.1, 0, 0, 0, 0.9)


def test_a_season_that_makes_both_is_seen(mart: MakeMart, reader: Engine) -> None:
    """Late parcels all in a month in which everybody was unhappy say nothing of lateness."""
    rows = [
        (dt.date(2017, 1, 1), "late", 1, 90),
        (dt.date(2017, 1, 1), "on time", 1, 90),
        (dt.date(2017, 2, 1), "on time", 5, 900),
        (dt.date(2017, 2, 1), "late", 5, 9),
    ]
    mart("marketplace.rpt_review_scores", _SCORES, rows)
    found = delivery.late_reviews(reader)
    assert found is not None
    assert "the season explains much of it" in found.sure[1]


_DELIVERIES = (
    "state text, delivered_order_count bigint, late_order_count bigint,"
    " delivery_days_total bigint, promised_days_total bigint"
)


def test_a_state_is_worse_only_for_sure(mart: MakeMart, reader: Engine) -> None:
    """Protects a small state from its bad luck: 3 of 30 late is no finding beside 5 % of all."""
    mart(
        "marketplace.rpt_delivery_performance",
        _DELIVERIES,
        [
            ("SP", 5000, 200, 40_000, 100_000),
            ("RJ", 1000, 140, 15_000, 24_000),
            ("AC", 30, 3, 600, 1200),
            ("RR", 4, 4, 100, 120),
        ],
    )
    found = delivery.late_by_state(reader)
    assert found is not None
    assert found.headline.endswith("1 state surely more: RJ")
    assert found.figure.categories == ("RJ", "AC", "SP")
    assert found.figure.reference is not None
    assert found.figure.reference[0] == pytest.approx(347 / 6034)
    assert "3 of 4 states have 30 deliveries or more" in found.sure[1]


def test_who_came_later_has_had_less_time(mart: MakeMart, reader: Engine) -> None:
    """Protects the curve from the young cohorts, which would pull its end down."""
    rows = [
        (dt.date(2017, 1, 1), 0, True, 100, 1),
        (dt.date(2017, 1, 1), 1, True, 100, 10),
        (dt.date(2017, 1, 1), 2, True, 100, 20),
        (dt.date(2017, 2, 1), 0, True, 900, 0),
        (dt.date(2017, 2, 1), 1, True, 900, 0),
        (dt.date(2017, 2, 1), 2, False, 900, 0),
    ]
    mart(
        "marketplace.rpt_customer_cohorts",
        "cohort_month_start_date date, months_since integer, is_complete boolean,"
        " cohort_customer_count bigint, cumulative_repeat_customer_count bigint",
        rows,
    )
    mart(
        "marketplace.customer_lifetime_value",
        "order_count bigint, revenue numeric(18, 2)",
        [(1, 10)] * 48 + [(2, 30)] * 2,
    )
    found = customers.repeat(reader)
    assert found is not None
    assert found.headline.startswith("4.0\u00a0%")
    assert found.figure.series[0].values == (0.01, 0.1, 0.2)
    assert "Followed for 2 months" in found.sure[1]


def test_a_pair_is_no_finding_where_a_hundred_were_looked_at(
    mart: MakeMart, reader: Engine
) -> None:
    """With many pairs the strangest is strange by chance: the level is shared among all of them."""
    columns = (
        "first_item_code text, second_item_code text, pair_basket_count bigint,"
        " first_item_basket_count bigint, second_item_basket_count bigint, basket_count bigint,"
        " support numeric, confidence_first_to_second numeric, confidence_second_to_first numeric,"
        " lift numeric"
    )
    weak = ("A", "B", 16, 100, 100, 1000, 0.016, 0.16, 0.16, 1.6)
    dull = [(f"C{at}", f"D{at}", 20, 200, 100, 1000, 0.02, 0.1, 0.2, 1.0) for at in range(99)]
    mart(
        "retail.dim_stock_item",
        "item_code text, description text",
        [(row[0], f"{row[0]} MUG") for row in (weak, *dull)]
        + [(row[1], None) for row in (weak, *dull)],
    )
    mart("retail.rpt_item_pairs", columns, [weak, *dull])
    found = retail.bought_together(reader)
    assert found is not None
    assert found.headline.startswith("No two items")
    strong = ("A", "B", 80, 100, 100, 1000, 0.08, 0.8, 0.8, 8.0)
    mart("retail.rpt_item_pairs", columns, [strong, *dull])
    found = retail.bought_together(reader)
    assert found is not None
    assert found.headline == "A mug and B: bought together 8 times as often as by chance"
    assert found.says[1].startswith("1 pair of 100")


def test_returns_are_a_part_of_what_was_charged(mart: MakeMart, reader: Engine) -> None:
    """Protects the ratio from a mean of months' shares, in which a small month weighs as a large one."""
    mart(
        "retail.rpt_monthly_sales",
        "month_start_date date, is_complete boolean, order_count bigint, cancellation_count bigint,"
        " gross_amount numeric, returned_amount numeric, net_amount numeric",
        [
            (dt.date(2011, 1, 1), True, 90, 9, 9000, 90, 8910),
            (dt.date(2011, 2, 1), True, 10, 1, 1000, 510, 490),
            (dt.date(2011, 3, 1), False, 0, 0, 0, 0, 0),
        ],
    )
    found = retail.returns(reader)
    assert found is not None
    assert "Of 100 pounds charged, 6.0 are given back" in found.headline
    assert "2011-02 with 51.0" in found.says[0]


def test_weeks_are_compared_without_the_partial_ones(mart: MakeMart, reader: Engine) -> None:
    """The last, partial week looks like a collapse of sales."""
    first = dt.date(2024, 1, 1)
    amounts = [10, *[100, 101, 99, 100], *[150, 151, 149, 150], 5]
    mart(
        "trade.rpt_weekly_sales",
        "week_start_date date, is_complete boolean, reporting_currency_code text, order_count bigint,"
        " unconverted_order_count bigint, reporting_sale_amount numeric",
        [
            (first + dt.timedelta(weeks=at), at < 9, "EUR", 3, at % 2, amount)
            for at, amount in enumerate(amounts)
        ],
    )
    found = elsewhere.sales_by_week(reader)
    assert found is not None
    assert found.headline == "Weekly sales rose by 50\u00a0% in the last 4 weeks"
    assert "5 orders without an exchange rate" in found.sure[1]
    assert found.figure.partial == {"2024-03-04"}


def test_channels_are_owed_by_the_first_and_by_the_last_click(
    mart: MakeMart, reader: Engine
) -> None:
    """Protects who is named: the channel that opens most, and the one that the other count moves most."""
    mart(
        "attribution.rpt_channel_revenue",
        "channel text, first_click_checkout_count bigint, last_click_checkout_count bigint,"
        " first_click_revenue numeric, last_click_revenue numeric, linear_revenue numeric",
        [
            ("paid_search", 60, 50, 600, 550, 575),
            ("email", 10, 20, 100, 150, 125),
            ("unattributed", 30, 30, 300, 300, 300),
        ],
    )
    found = elsewhere.channels(reader)
    assert found is not None
    assert found.headline == (
        "Paid search opens 60\u00a0% of the checkouts; 30\u00a0% have no click that led to them"
    )
    assert "paid search changes most: -5.0 points" in found.says[1]


def test_a_domain_without_marts_is_not_spoken_of(mart: MakeMart, reader: Engine) -> None:
    """A warehouse of one domain gives a report of one domain, and empty marts give none."""
    assert catalogue.ask(reader) == []
    mart(
        "storefront.customer_summary",
        "customer_id text, total_orders bigint, total_amount_spent numeric",
        [(f"c{at}", 1, 100 - at) for at in range(20)],
    )
    mart("storefront.rpt_sales_trend", "month_start_date date", [])
    assert catalogue.ask(reader) == []
    mart("storefront.rpt_sales_trend", "month_start_date date", [(dt.date(2024, 1, 1),)])
    (found,) = catalogue.ask(reader)
    assert found.domain == "storefront"
    assert found.last_date == "2024-01-01"
    assert [tile.value for tile in found.tiles] == ["20", "20", "1,810.00"]
    assert found.findings[0].headline.startswith(
        "The tenth of the customers who spend most bring 11"
    )
