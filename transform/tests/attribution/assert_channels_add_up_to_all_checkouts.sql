-- Fails where first, last or linear revenue is another sum than that of the checkouts.
with

channels as (

    select
        sum(first_click_revenue) as first_click_revenue,
        sum(last_click_revenue) as last_click_revenue,
        sum(linear_revenue) as linear_revenue
    from {{ ref('rpt_channel_revenue') }}

),

checkouts as (

    select sum(amount) as amount
    from {{ ref('fct_checkout_attribution') }}

)

select
    channels.first_click_revenue,
    channels.last_click_revenue,
    channels.linear_revenue,
    checkouts.amount
from channels
cross join checkouts
where
    channels.first_click_revenue <> checkouts.amount
    or channels.last_click_revenue <> checkouts.amount
    or channels.linear_revenue <> checkouts.amount
