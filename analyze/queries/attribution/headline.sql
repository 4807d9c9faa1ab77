-- Checkouts of the days, and which part of them and of their revenue a click led to.
select
    sum(first_click_checkout_count) as checkout_count,
    sum(first_click_revenue) as revenue,
    sum(case when channel <> 'unattributed' then first_click_checkout_count else 0 end)
    / nullif(sum(first_click_checkout_count), 0) as attributed_checkout_share,
    sum(case when channel <> 'unattributed' then first_click_revenue else 0 end)
    / nullif(sum(first_click_revenue), 0) as attributed_revenue_share
from attribution.rpt_channel_daily_revenue
where checkout_date between :first_period and :last_period
