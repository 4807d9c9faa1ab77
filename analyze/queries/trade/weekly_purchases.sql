-- Purchases of each week in the currency of the order.
select
    week_start_date,
    currency_code,
    is_complete,
    sum(order_count) as order_count,
    sum(purchase_amount) as purchase_amount
from trade.rpt_weekly_purchases
where week_start_date between :first_period and :last_period
    and :currency in ('all', currency_code)
    and :counterparty in ('all', counterparty_name)
group by week_start_date, currency_code, is_complete
order by week_start_date, currency_code
