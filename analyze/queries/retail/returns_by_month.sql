-- What was charged and what was given back in each month.
select
    month_start_date,
    is_complete,
    order_count,
    cancellation_count,
    gross_amount,
    returned_amount,
    net_amount
from retail.rpt_monthly_sales
order by month_start_date
