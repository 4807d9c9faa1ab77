-- The weeks that a filter offers.
select week_start_date as period
from trade.rpt_weekly_sales
union
select week_start_date as period
from trade.rpt_weekly_purchases
union
select week_start_date as period
from trade.rpt_weekly_payments
order by period
