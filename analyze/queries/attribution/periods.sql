-- The days that a filter offers.
select distinct checkout_date as period
from attribution.rpt_channel_daily_revenue
order by checkout_date
