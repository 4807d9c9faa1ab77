"""What the dashboard shows of the real archives, computed from their files by DuckDB."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from waybill_analyze import queries, warehouse

if TYPE_CHECKING:
    import pytest

EVERYTHING = {
    "first_period": dt.date(1900, 1, 1),
    "last_period": dt.date(2100, 1, 1),
    **dict.fromkeys(("state", "category", "currency", "counterparty", "country"), "all"),
}
"""Filters that leave nothing out."""
_MONTH = "strftime(order_purchase_timestamp::timestamp, '%Y-%m-01')::date"
_AMOUNT = "price::decimal(18, 2) + freight_value::decimal(18, 2)"
_CATEGORY = "coalesce(product_category_name_english, product_category_name, 'unknown')"
_OUTCOME = """
    case
        when order_delivered_customer_date is null then 'not delivered'
        when order_delivered_customer_date::timestamp::date
            > order_estimated_delivery_date::timestamp::date then 'late'
        else 'on time'
    end
"""
FROM_FILES = {
    "marketplace/headline": (
        ("order_count", "item_count", "total_sale_amount"),
        f"""
        select (select count(*) from orders), (select count(*) from order_items),
            (select sum({_AMOUNT}) from order_items)
        """,
    ),
    "marketplace/monthly_sales": (
        ("month_start_date", "order_count", "total_sale_amount"),
        f"""
        with months as (
            select unnest(generate_series(min({_MONTH}), max({_MONTH}), interval 1 month))::date as month
            from orders),
        amounts as (select order_id, sum({_AMOUNT}) as amount from order_items group by 1)
        select month, count(order_id), coalesce(sum(amount), 0)
        from months left join orders on {_MONTH} = month left join amounts using (order_id)
        group by 1 order by 1
        """,
    ),
    "marketplace/state_sales": (
        ("state", "order_count", "total_sale_amount"),
        f"""
        with amounts as (select order_id, sum({_AMOUNT}) as amount from order_items group by 1)
        select customer_state, count(*), sum(amount)
        from orders join customers using (customer_id) left join amounts using (order_id)
        group by 1 order by 2 desc, 1
        """,
    ),
    "marketplace/category_mix": (
        ("category", "item_count", "total_sale_amount"),
        f"""
        select {_CATEGORY}, count(*), sum({_AMOUNT}) as amount
        from order_items join products using (product_id)
        left join product_category_name_translation using (product_category_name)
        group by 1 order by amount desc, 1 limit 15
        """,
    ),
    "marketplace/top_products": (
        ("product_id", "item_count", "total_sale_amount"),
        f"""
        select product_id, count(*), sum({_AMOUNT}) as amount
        from order_items group by 1 order by amount desc, 1 limit 15
        """,
    ),
    "marketplace/late_deliveries": (
        ("month_start_date", "delivered_order_count", "late_order_count"),
        f"""
        select {_MONTH} as month, count(order_delivered_customer_date),
            count(*) filter (where {_OUTCOME} = 'late')
        from orders group by 1 order by 1
        """,
    ),
    "marketplace/review_scores": (
        ("review_score", "delivery_outcome", "review_count"),
        f"""
        select review_score, {_OUTCOME} as outcome, count(*)
        from order_reviews join orders using (order_id)
        group by 1, 2 order by 1 desc, 2 desc
        """,
    ),
    "marketplace/cohorts": (
        ("cohort_month_start_date", "months_since", "cumulative_repeat_customer_count"),
        f"""
        with numbered as (
            select customer_unique_id as person, {_MONTH} as month,
                row_number() over (
                    partition by customer_unique_id
                    order by order_purchase_timestamp::timestamp, order_id) as number
            from orders join customers using (customer_id)),
        first as (select person, month as cohort from numbered where number = 1),
        again as (select person, month from numbered where number = 2),
        ages as (
            select cohort, unnest(generate_series(
                1, date_diff('month', cohort, (select max({_MONTH}) from orders)))) as age
            from (select distinct cohort from first))
        select cohort, age, count(again.person)
        from ages join first using (cohort)
        left join again on again.person = first.person and date_diff('month', cohort, again.month) <= age
        group by 1, 2 order by 1, 2
        """,
    ),
}
"""By query: the columns that are compared, and the same from the files of Olist."""


def shown(url: str, query: str, monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What a query of the dashboard gives for all time, as the role `reader`.

    Args:
        url: Of the warehouse, as `reader`.
        query: One of FROM_FILES.
        monkeypatch: For the setting that names the warehouse.
    """
    monkeypatch.setenv(warehouse.SETTING, url)
    columns, _ = FROM_FILES[query]
    engine = warehouse.engine()
    try:
        frame = queries.rows(engine, query, **EVERYTHING)[list(columns)]
    finally:
        engine.dispose()
    return list(frame.astype(object).itertuples(index=False, name=None))
