-- Sales and purchases by currency: each in its own, and in the reporting currency.
with

orders as (

    select
        'sales' as kind,
        currency_code,
        order_count,
        sale_amount as amount,
        reporting_sale_amount as reporting_amount
    from trade.rpt_weekly_sales
    where week_start_date between :first_period and :last_period
        and :currency in ('all', currency_code)
        and :counterparty in ('all', counterparty_name)

    union all

    select
        'purchases' as kind,
        currency_code,
        order_count,
        purchase_amount as amount,
        reporting_purchase_amount as reporting_amount
    from trade.rpt_weekly_purchases
    where week_start_date between :first_period and :last_period
        and :currency in ('all', currency_code)
        and :counterparty in ('all', counterparty_name)

)

select
    currency_code,
    kind,
    sum(order_count) as order_count,
    sum(amount) as amount,
    sum(reporting_amount) as reporting_amount
from orders
group by currency_code, kind
order by currency_code, kind desc
