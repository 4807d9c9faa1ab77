-- What each channel brings by the first click, by the last, and shared among all.
select
    channel,
    first_click_checkout_count,
    last_click_checkout_count,
    first_click_revenue,
    last_click_revenue,
    linear_revenue
from attribution.rpt_channel_revenue
order by first_click_revenue desc, channel asc
