-- The months that a filter offers.
select month_start_date as period
from storefront.rpt_sales_trend
order by month_start_date
