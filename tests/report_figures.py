"""What the report marts must say of the real archives, worked out from the files: SQL of DuckDB, SQL on the mart."""

from __future__ import annotations

_PEOPLE = """
    with items as (
        select order_id, sum(price::decimal(18, 2) + freight_value::decimal(18, 2)) as amount from order_items group by 1),
    bought as (
        select customer_unique_id as person, order_id, order_purchase_timestamp::timestamp as bought_at, coalesce(amount, 0) as amount,
            row_number() over (partition by customer_unique_id order by order_purchase_timestamp::timestamp, order_id) as number
        from orders join customers using (customer_id) left join items using (order_id)),
    people as (
        select person, count(*) as orders, sum(amount) as revenue, min(bought_at)::date as first_day, max(bought_at)::date as last_day
        from bought group by 1)
"""
_CATEGORIES = """
    select product_id, coalesce(product_category_name_english, product_category_name, 'unknown') as category
    from products left join product_category_name_translation using (product_category_name)
"""

FIGURES = {
    "sales by state and month": (
        """
        select strftime(order_purchase_timestamp::timestamp, '%Y-%m') as month, customer_state, count(distinct order_id),
            count(distinct customer_unique_id), sum(price::decimal(18, 2) + freight_value::decimal(18, 2))
        from orders join customers using (customer_id) left join order_items using (order_id)
        group by 1, 2 order by 1, 2
        """,
        """
        select to_char(month_start_date, 'YYYY-MM'), state, order_count, customer_count, nullif(total_sale_amount, 0)
        from marketplace.rpt_state_monthly_sales order by 1, 2
        """,
    ),
    "sales by category and month": (
        f"""
        select strftime(order_purchase_timestamp::timestamp, '%Y-%m') as month, category, count(*), count(distinct order_id),
            sum(price::decimal(18, 2))
        from order_items join orders using (order_id) join ({_CATEGORIES}) using (product_id)
        group by 1, 2 order by 1, 2
        """,
        """
        select to_char(month_start_date, 'YYYY-MM') as month, category, item_count, order_count, item_amount
        from marketplace.rpt_category_monthly_sales order by 1, category collate "C"
        """,
    ),
    "days to deliver and late orders by state": (
        """
        with delivered as (
            select customer_state, order_purchase_timestamp::timestamp::date as bought,
                order_delivered_customer_date::timestamp::date as came,
                order_estimated_delivery_date::timestamp::date as promised
            from orders join customers using (customer_id) where order_delivered_customer_date is not null)
        select customer_state, count(*), sum(came - bought), sum(promised - bought),
            sum((came > promised)::int), sum(greatest(came - promised, 0))
        from delivered group by 1 order by 1
        """,
        """
        select state, sum(delivered_order_count), sum(delivery_days_total), sum(promised_days_total),
            sum(late_order_count), sum(late_days_total)
        from marketplace.rpt_delivery_performance group by 1 order by 1
        """,
    ),
    "reviews by how the delivery ended": (
        """
        select
            case when order_delivered_customer_date is null then 'not delivered'
                when order_delivered_customer_date::timestamp::date > order_estimated_delivery_date::timestamp::date
                    then 'late' else 'on time' end as outcome,
            count(*), sum(review_score::int), round(avg(review_score::int), 4)::varchar
        from order_reviews join orders using (order_id) group by 1 order by 1
        """,
        """
        select delivery_outcome, sum(review_count), sum(score_total),
            trim_scale(round(sum(score_total) / sum(review_count), 4))::text
        from marketplace.rpt_review_scores group by 1 order by 1
        """,
    ),
    "reviews by category": (
        f"""
        with placed as (
            select distinct order_id, category from order_items join ({_CATEGORIES}) using (product_id))
        select coalesce(category, 'without items') as category, count(*), sum(review_score::int)
        from order_reviews left join placed using (order_id) group by 1 order by 1
        """,
        """
        select category, sum(review_count), sum(score_total)
        from marketplace.rpt_category_review_scores group by 1 order by category collate "C"
        """,
    ),
    "customers by segment": (
        f"""
        {_PEOPLE},
        scored as (
            select *, 5 * (rank() over (order by last_day) - 1) // count(*) over () + 1 as r,
                5 * (rank() over (order by orders) - 1) // count(*) over () + 1 as f,
                5 * (rank() over (order by revenue) - 1) // count(*) over () + 1 as m
            from people)
        select
            case when f >= 4 then case when r >= 4 then 'champion' when r = 3 then 'loyal' else 'at risk' end
                when r >= 4 then case when m >= 4 then 'promising' else 'new' end
                when r = 3 then 'needs attention'
                when m >= 4 then 'lost big spender' else 'lost' end as segment,
            count(*), sum(orders), sum(revenue)
        from scored group by 1 order by 1
        """,
        """
        select rfm_segment, customer_count, order_count, revenue
        from marketplace.rpt_rfm_segments where customer_count > 0 order by 1
        """,
    ),
    "customers who come back, by cohort": (
        f"""
        {_PEOPLE}
        select strftime(first_day, '%Y-%m') as cohort, strftime(bought_at, '%Y-%m') as month, count(distinct person),
            count(distinct case when number > 1 then person end), count(*), sum(amount)
        from bought join people using (person) group by 1, 2 order by 1, 2
        """,
        """
        select to_char(cohort_month_start_date, 'YYYY-MM') as cohort, to_char(month_start_date, 'YYYY-MM') as month,
            customer_count, repeat_customer_count, order_count, revenue
        from marketplace.rpt_customer_cohorts where order_count > 0 order by 1, 2
        """,
    ),
    "people who ordered more than once": (
        f"{_PEOPLE} select count(*), sum((orders > 1)::int) from people",
        """
        select sum(cohort_customer_count), sum(cumulative_repeat_customer_count) from marketplace.rpt_customer_cohorts
        where month_start_date = (select max(month_start_date) from marketplace.rpt_customer_cohorts)
        """,
    ),
    "trade by week": (
        """
        with ordered as (
            select 'sales' as kind, created_at::timestamp as made_at, units_sold * unit_price::decimal(18, 2) as amount
            from totesys_sales_order
            union all
            select 'purchases', created_at::timestamp, item_quantity * item_unit_price::decimal(18, 2)
            from totesys_purchase_order)
        select kind, date_trunc('week', made_at)::date::varchar as week, count(*), sum(round(amount, 2))
        from ordered group by 1, 2 order by 1, 2
        """,
        """
        select kind, week_start_date::text, sum(order_count), sum(amount) from (
            select 'sales' as kind, week_start_date, order_count, sale_amount as amount from trade.rpt_weekly_sales
            union all
            select 'purchases', week_start_date, order_count, purchase_amount from trade.rpt_weekly_purchases
        ) as both_kinds group by 1, 2 order by 1, 2
        """,
    ),
    "trade payments by week and kind": (
        """
        select date_trunc('week', payment_date::timestamp)::date::varchar as week, payment_type_name, count(*),
            sum(paid::int), sum(payment_amount::decimal(18, 2))
        from totesys_payment join totesys_payment_type using (payment_type_id) group by 1, 2 order by 1, 2
        """,
        """
        select week_start_date::text, payment_type_name, sum(payment_count),
            coalesce(sum(payment_count) filter (where is_paid), 0), sum(payment_amount)
        from trade.rpt_weekly_payments group by 1, 2 order by 1, payment_type_name collate "C"
        """,
    ),
    "retail baskets by size": (
        """
        with goods as (
            select InvoiceNo, upper(trim(StockCode)) as item, Quantity::int as pieces,
                Quantity::int * UnitPrice::decimal(18, 3) as amount
            from online_retail
            where Quantity::int > 0 and UnitPrice::decimal(18, 3) > 0 and InvoiceNo not like 'A%'
                and regexp_matches(upper(StockCode), '^[0-9]{5}|^DCGS|^PADS')),
        baskets as (
            select InvoiceNo, count(distinct item) as size, sum(pieces) as pieces, sum(amount) as amount
            from goods group by 1)
        select case when size = 1 then 1 when size <= 5 then 2 when size <= 10 then 3 when size <= 20 then 4
            when size <= 50 then 5 else 6 end as band, count(*), sum(size), sum(pieces), sum(amount)
        from baskets group by 1 order by 1
        """,
        """
        select band_rank, sum(basket_count), sum(item_count), sum(sold_quantity), sum(gross_amount)
        from retail.rpt_basket_sizes group by 1 order by 1
        """,
    ),
    "retail items by net amount": (
        """
        select upper(trim(StockCode)) as item, count(*), sum(Quantity::int * UnitPrice::decimal(18, 3)) as net
        from online_retail group by 1 order by net desc, item limit 50
        """,
        """
        select item_code, sum(line_count), sum(net_amount) as net
        from retail.rpt_item_monthly_sales group by 1 order by net desc, item_code collate "C" limit 50
        """,
    ),
    "retail countries by month": (
        """
        select strftime(InvoiceDate::timestamp, '%Y-%m') as month, Country, count(*),
            sum(Quantity::int * UnitPrice::decimal(18, 3))
        from online_retail group by 1, 2 order by 1, 2
        """,
        """
        select to_char(month_start_date, 'YYYY-MM') as month, country, line_count, net_amount
        from retail.rpt_country_monthly_sales order by 1, country collate "C"
        """,
    ),
}
