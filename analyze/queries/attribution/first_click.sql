-- Revenue by the source of the first click within the hour before the checkout.
with

channels as (

    select
        channel,
        sum(first_click_checkout_count) as first_click_checkout_count,
        sum(first_click_revenue) as first_click_revenue
    from attribution.rpt_channel_daily_revenue
    where checkout_date between :first_period and :last_period
    group by channel

)

select
    channel,
    first_click_checkout_count,
    first_click_revenue,
    first_click_revenue / nullif(sum(first_click_revenue) over (), 0) as share_of_revenue
from channels
order by first_click_revenue desc, channel
