-- All checkouts in one row.
select
    sum(first_click_checkout_count) as checkout_count,
    sum(first_click_revenue) as revenue,
    (
        select cast(max(checkouts.checked_out_at) as date)
        from attribution.fct_checkout_attribution as checkouts
    ) as last_date
from attribution.rpt_channel_revenue
