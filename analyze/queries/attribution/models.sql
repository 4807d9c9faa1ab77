-- The same revenue by three ways to attribute it.
with

channels as (

    select
        channel,
        sum(first_click_revenue) as first_click_revenue,
        sum(last_click_revenue) as last_click_revenue,
        sum(linear_revenue) as linear_revenue
    from attribution.rpt_channel_daily_revenue
    where checkout_date between :first_period and :last_period
    group by channel

)

select
    channel,
    'first click' as model,
    first_click_revenue as revenue
from channels

union all

select
    channel,
    'last click' as model,
    last_click_revenue as revenue
from channels

union all

select
    channel,
    'shared out evenly' as model,
    linear_revenue as revenue
from channels

order by channel, model
