{{
    config(
        materialized='incremental',
        unique_key='checkout_id',
        indexes=[{'columns': ['checked_out_at']}],
        post_hook="{{ delete_rows_missing_from(
            ref('stg_clickstream__checkouts'), ['checkout_id']
        ) }}",
    )
}}

with

clicks as (

    select * from {{ ref('stg_clickstream__clicks') }}

),

checkouts as (

    select * from {{ ref('stg_clickstream__checkouts') }}

),

{% if is_incremental() -%}
attributed as (

    select * from {{ this }}

),

horizon as (

    select max(checked_out_at) - interval '{{ var("late_click_days") }} days' as horizon_at
    from attributed

),

-- Checkouts that may look other than they stand: new or changed ones whatever their age, and those
-- that are young enough for a late click.
pending as (

    select checkouts.*
    from checkouts
    cross join horizon
    left join attributed
        on checkouts.checkout_id = attributed.checkout_id
    where
        attributed.checkout_id is null
        or checkouts.checked_out_at >= horizon.horizon_at
        or checkouts.checked_out_at <> attributed.checked_out_at
        or checkouts.user_id <> attributed.user_id
        or checkouts.product_id <> attributed.product_id
        or checkouts.amount <> attributed.amount

),

{% else -%}
pending as (

    select * from checkouts

),

{% endif -%}
-- One row per checkout and click of its user on its product within the hour before it, both ends
-- of the hour included.
touches as (

    select
        pending.checkout_id,
        pending.amount,
        clicks.click_id,
        clicks.channel,
        clicks.clicked_at,
        row_number() over (
            partition by pending.checkout_id
            order by clicks.clicked_at, clicks.click_id
        ) as place,
        count(*) over (partition by pending.checkout_id) as click_count
    from pending
    inner join clicks
        on
            pending.user_id = clicks.user_id
            and pending.product_id = clicks.product_id
            and clicks.clicked_at <= pending.checked_out_at
            and clicks.clicked_at >= pending.checked_out_at - interval '1 hour'

),

-- What is owed to the first so many clicks, cut to the cent, less what is owed to those before: the
-- parts differ by a cent at most, and add up.
shares as (

    select
        *,
        trunc(amount * place / click_count, 2)
        - trunc(amount * (place - 1) / click_count, 2) as linear_amount
    from touches

),

by_checkout as (

    select
        checkout_id,

        max(click_count) as click_count,

        max(case when place = 1 then click_id end) as first_click_id,
        max(case when place = 1 then channel end) as first_click_channel,
        max(case when place = 1 then clicked_at end) as first_clicked_at,
        max(case when place = click_count then click_id end) as last_click_id,
        max(case when place = click_count then channel end) as last_click_channel,
        max(case when place = click_count then clicked_at end) as last_clicked_at
        {%- for channel in channels() %},
        sum(case when channel = '{{ channel }}' then linear_amount else 0 end)
            as linear_{{ channel }}_amount
        {%- endfor %}
    from shares
    group by checkout_id

),

final as (

    select
        pending.checkout_id,
        pending.user_id,
        pending.product_id,
        by_checkout.first_click_id,
        by_checkout.last_click_id,

        by_checkout.first_click_id is not null as is_attributed,
        by_checkout.first_click_channel,
        by_checkout.last_click_channel,
        coalesce(by_checkout.click_count, 0) as click_count,

        pending.quantity,
        pending.amount,
        {%- for channel in channels() %}
        cast(coalesce(by_checkout.linear_{{ channel }}_amount, 0) as {{ type_money() }})
            as linear_{{ channel }}_amount,
        {%- endfor %}

        pending.checked_out_at,
        by_checkout.first_clicked_at,
        by_checkout.last_clicked_at
    from pending
    left join by_checkout
        on pending.checkout_id = by_checkout.checkout_id

)

{{ changed_rows('final') }}
