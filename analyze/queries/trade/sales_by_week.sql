-- Sales of each week in the reporting currency.
select
    week_start_date,
    is_complete,
    max(reporting_currency_code) as reporting_currency_code,
    sum(order_count) as order_count,
    sum(unconverted_order_count) as unconverted_order_count,
    sum(reporting_sale_amount) as reporting_sale_amount
from trade.rpt_weekly_sales
group by week_start_date, is_complete
order by week_start_date
