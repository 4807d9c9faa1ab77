-- Orders of the weeks, and their amounts in the reporting currency as far as there are rates.
with

sales as (

    select
        sum(order_count) as sale_count,
        sum(unit_count) as unit_count,
        sum(reporting_sale_amount) as reporting_sale_amount,
        sum(unconverted_order_count) as unconverted_sale_count
    from trade.rpt_weekly_sales
    where week_start_date between :first_period and :last_period
        and :currency in ('all', currency_code)
        and :counterparty in ('all', counterparty_name)

),

purchases as (

    select
        sum(order_count) as purchase_count,
        sum(reporting_purchase_amount) as reporting_purchase_amount
    from trade.rpt_weekly_purchases
    where week_start_date between :first_period and :last_period
        and :currency in ('all', currency_code)
        and :counterparty in ('all', counterparty_name)

)

select
    sales.sale_count,
    sales.unit_count,
    sales.reporting_sale_amount,
    sales.unconverted_sale_count,
    purchases.purchase_count,
    purchases.reporting_purchase_amount
from sales
cross join purchases
