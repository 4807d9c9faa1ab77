-- Revenue of each day by the source of the first click.
select
    checkout_date,
    channel,
    is_complete,
    first_click_checkout_count,
    first_click_revenue
from attribution.rpt_channel_daily_revenue
where checkout_date between :first_period and :last_period
order by checkout_date, channel
