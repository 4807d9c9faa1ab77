-- The states that a filter offers.
select distinct state as choice
from marketplace.rpt_state_monthly_sales
order by state
