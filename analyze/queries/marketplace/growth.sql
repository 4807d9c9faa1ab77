-- Sales and orders of each month.
select
    month_start_date,
    is_complete,
    order_count,
    total_sale_amount
from marketplace.rpt_monthly_sales
order by month_start_date
