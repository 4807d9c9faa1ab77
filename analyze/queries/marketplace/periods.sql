-- The months that a filter offers.
select month_start_date as period
from marketplace.rpt_monthly_sales
order by month_start_date
