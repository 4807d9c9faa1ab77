"""Every metric of dbt's semantic layer by some dimensions, and the SQL on a report mart that must say the same."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Query:
    """Metrics by some dimensions, and the SQL on a report mart that must give the same rows.

    Attributes:
        by: Dimensions of MetricFlow; the first columns of `sql`.
        metrics: Metrics; the other columns of `sql`, in the same order.
    """

    by: tuple[str, ...]
    metrics: tuple[str, ...]
    sql: str


QUERIES = (
    Query(
        ("metric_time__month",),
        (
            "marketplace_orders",
            "marketplace_canceled_orders",
            "marketplace_delivered_orders",
            "marketplace_late_orders",
            "marketplace_customers",
            "marketplace_items",
            "marketplace_revenue",
            "marketplace_average_order_value",
            "marketplace_cancellation_share",
        ),
        """
        select
            month_start_date, order_count, canceled_order_count, delivered_order_count, late_order_count, customer_count,
            item_count, total_sale_amount, average_order_value,
            cast(1.0 * canceled_order_count / order_count as numeric(9, 8))
        from marketplace.rpt_monthly_sales where order_count > 0
        """,
    ),
    Query(
        ("metric_time__month", "customer__state"),
        (
            "marketplace_orders",
            "marketplace_delivery_days",
            "marketplace_average_delivery_days",
            "marketplace_late_share",
        ),
        """
        select month_start_date, state, order_count, delivery_days_total, average_delivery_days, late_share
        from marketplace.rpt_delivery_performance
        """,
    ),
    Query(
        ("metric_time__month", "customer__state"),
        ("marketplace_revenue", "marketplace_items"),
        """
        select month_start_date, state, total_sale_amount, item_count
        from marketplace.rpt_state_monthly_sales where item_count > 0
        """,
    ),
    Query(
        ("metric_time__month", "product__category"),
        ("marketplace_revenue", "marketplace_items"),
        """
        select month_start_date, category, total_sale_amount, item_count
        from marketplace.rpt_category_monthly_sales
        """,
    ),
    Query(
        ("metric_time__month", "order__delivery_outcome"),
        ("marketplace_reviews", "marketplace_review_points", "marketplace_review_score"),
        """
        select
            month_start_date, delivery_outcome, sum(review_count), sum(score_total),
            cast(sum(score_total) / sum(review_count) as numeric(3, 2))
        from marketplace.rpt_review_scores group by 1, 2
        """,
    ),
    Query(
        ("person__rfm_segment",),
        (
            "marketplace_people",
            "marketplace_lifetime_revenue",
            "marketplace_customer_lifetime_value",
        ),
        """
        select rfm_segment, customer_count, revenue, cast(revenue / customer_count as numeric(18, 2))
        from marketplace.rpt_rfm_segments where customer_count > 0
        """,
    ),
    Query(
        ("metric_time__month",),
        ("marketplace_people", "marketplace_repeat_people", "marketplace_repeat_rate"),
        """
        select distinct on (cohort_month_start_date)
            cohort_month_start_date, cohort_customer_count, cumulative_repeat_customer_count, cumulative_repeat_share
        from marketplace.rpt_customer_cohorts order by cohort_month_start_date, months_since desc
        """,
    ),
    Query(
        ("metric_time__week", "sales_record__currency_code"),
        (
            "trade_sales_orders",
            "trade_sales_in_own_currency",
            "trade_sales",
            "trade_average_sales_order_value",
        ),
        """
        select
            week_start_date, currency_code, sum(order_count), sum(sale_amount), sum(reporting_sale_amount),
            cast(sum(reporting_sale_amount) / sum(order_count) as numeric(18, 2))
        from trade.rpt_weekly_sales group by 1, 2
        """,
    ),
    Query(
        ("metric_time__week", "purchase_record__currency_code"),
        ("trade_purchase_orders", "trade_purchases_in_own_currency", "trade_purchases"),
        """
        select
            week_start_date, currency_code, sum(order_count), sum(purchase_amount), sum(reporting_purchase_amount)
        from trade.rpt_weekly_purchases group by 1, 2
        """,
    ),
    Query(
        ("metric_time__week", "payment_record__currency_code", "payment_type__payment_type_name"),
        (
            "trade_payments",
            "trade_paid_payments",
            "trade_paid_share",
            "trade_payments_in_own_currency",
        ),
        """
        select
            week_start_date, currency_code, payment_type_name, sum(payment_count),
            coalesce(sum(payment_count) filter (where is_paid), 0),
            cast(coalesce(sum(payment_count) filter (where is_paid), 0) / sum(payment_count) as numeric(9, 8)),
            sum(payment_amount)
        from trade.rpt_weekly_payments group by 1, 2, 3
        """,
    ),
    Query(
        ("metric_time__month",),
        (
            "retail_gross_sales",
            "retail_returns",
            "retail_net_sales",
            "retail_orders",
            "retail_customers",
            "retail_sold_pieces",
            "retail_returns_share",
            "retail_average_order_value",
        ),
        """
        select
            month_start_date, gross_amount, returned_amount, net_amount, order_count, customer_count, sold_quantity,
            cast(returned_amount / nullif(gross_amount, 0) as numeric(9, 8)),
            cast(gross_amount / nullif(order_count, 0) as numeric(18, 3))
        from retail.rpt_monthly_sales where line_count > 0
        """,
    ),
    Query(
        ("metric_time__month", "invoice_line__country", "item__item_kind"),
        ("retail_net_sales",),
        """
        select month_start_date, country, item_kind, sum(net_amount)
        from retail.fct_invoice_lines
        inner join common.dim_date on date_id = invoice_date
        group by 1, 2, 3
        """,
    ),
    Query(
        ("metric_time__month", "invoice_line__country"),
        ("retail_gross_sales", "retail_returns", "retail_orders"),
        """
        select month_start_date, country, gross_amount, returned_amount, order_count
        from retail.rpt_country_monthly_sales
        """,
    ),
    Query(
        ("metric_time__month",),
        (
            "storefront_orders",
            "storefront_pieces",
            "storefront_revenue",
            "storefront_average_order_value",
        ),
        """
        select month_start_date, order_count, quantity, amount, cast(amount / order_count as numeric(18, 2))
        from storefront.rpt_sales_trend where order_count > 0
        """,
    ),
    Query(
        ("metric_time__day", "checkout__first_click_channel"),
        (
            "attribution_checkouts",
            "attribution_revenue",
            "attribution_attributed_checkouts",
            "attribution_attributed_share",
            "attribution_average_checkout_value",
        ),
        """
        select
            checkout_date, channel, first_click_checkout_count, first_click_revenue,
            case when channel = 'unattributed' then 0 else first_click_checkout_count end,
            case when channel = 'unattributed' then 0.0 else 1.0 end,
            cast(first_click_revenue / first_click_checkout_count as numeric(18, 2))
        from attribution.rpt_channel_daily_revenue where first_click_checkout_count > 0
        """,
    ),
    Query(
        ("metric_time__day", "checkout__last_click_channel"),
        ("attribution_revenue",),
        """
        select checkout_date, channel, last_click_revenue
        from attribution.rpt_channel_daily_revenue where last_click_checkout_count > 0
        """,
    ),
)
