-- Sales of each category in each month.
select
    month_start_date,
    category,
    total_sale_amount
from marketplace.rpt_category_monthly_sales
order by month_start_date, category
