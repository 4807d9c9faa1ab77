-- The currencies that a filter offers.
select currency_code as choice
from trade.rpt_weekly_sales
union
select currency_code as choice
from trade.rpt_weekly_purchases
order by choice
