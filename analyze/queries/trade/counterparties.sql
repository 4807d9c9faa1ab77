-- The counterparties that a filter offers.
select counterparty_name as choice
from trade.rpt_weekly_sales
union
select counterparty_name as choice
from trade.rpt_weekly_purchases
order by choice
