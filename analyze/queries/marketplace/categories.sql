-- The categories that a filter offers.
select distinct category as choice
from marketplace.rpt_category_monthly_sales
order by category
