-- Sales with each counterparty, in the reporting currency.
select
    counterparty_name,
    sum(order_count) as order_count,
    reporting_currency_code,
    sum(reporting_sale_amount) as reporting_sale_amount,
    sum(unconverted_order_count) as unconverted_order_count
from trade.rpt_weekly_sales
where week_start_date between :first_period and :last_period
    and :currency in ('all', currency_code)
    and :counterparty in ('all', counterparty_name)
group by counterparty_name, reporting_currency_code
order by reporting_sale_amount desc nulls last, order_count desc, counterparty_name
limit 20
