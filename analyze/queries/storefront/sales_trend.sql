-- Sales of each month, and by how much they changed.
select
    month_start_date,
    is_complete,
    order_count,
    quantity,
    amount,
    amount_change
from storefront.rpt_sales_trend
where month_start_date between :first_period and :last_period
order by month_start_date
