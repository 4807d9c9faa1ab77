-- What was sold in the months.
select
    sum(order_count) as order_count,
    sum(quantity) as quantity,
    sum(amount) as amount
from storefront.rpt_sales_trend
where month_start_date between :first_period and :last_period
