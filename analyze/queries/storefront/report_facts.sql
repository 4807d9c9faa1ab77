-- All customers in one row: how many, and what they ordered.
select
    count(*) as customer_count,
    sum(total_orders) as order_count,
    sum(total_amount_spent) as amount,
    (select max(trend.month_start_date) from storefront.rpt_sales_trend as trend) as last_date
from storefront.customer_summary
