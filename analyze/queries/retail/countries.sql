-- The countries that a filter offers.
select distinct country as choice
from retail.rpt_country_monthly_sales
order by country
