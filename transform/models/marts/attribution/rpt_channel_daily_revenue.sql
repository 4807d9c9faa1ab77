with

checkouts as (

    select
        *,
        cast(checked_out_at at time zone 'UTC' as date) as checkout_date
    from {{ ref('fct_checkout_attribution') }}

),

bounds as (

    select max(checkout_date) as last_checkout_date
    from checkouts

),

owed as (

    {% for channel in channels() -%}
    select
        checkout_date,
        '{{ channel }}' as channel,
        case when first_click_channel = '{{ channel }}' then 1 else 0 end as is_first,
        case when last_click_channel = '{{ channel }}' then 1 else 0 end as is_last,
        amount,
        linear_{{ channel }}_amount as linear_amount
    from checkouts
    where
        is_attributed
        and (
            first_click_channel = '{{ channel }}'
            or last_click_channel = '{{ channel }}'
            or linear_{{ channel }}_amount > 0
        )

    union all

    {% endfor -%}
    select
        checkout_date,
        'unattributed' as channel,
        1 as is_first,
        1 as is_last,
        amount,
        amount as linear_amount
    from checkouts
    where not is_attributed

),

owed_by_day as (

    select
        checkout_date,
        channel,

        sum(is_first) as first_click_checkout_count,
        sum(is_last) as last_click_checkout_count,

        sum(is_first * amount) as first_click_revenue,
        sum(is_last * amount) as last_click_revenue,
        sum(linear_amount) as linear_revenue
    from owed
    group by 1, 2

),

final as (

    select
        owed_by_day.checkout_date,
        owed_by_day.channel,

        owed_by_day.checkout_date < bounds.last_checkout_date as is_complete,

        owed_by_day.first_click_checkout_count,
        owed_by_day.last_click_checkout_count,

        cast(owed_by_day.first_click_revenue as {{ type_money() }}) as first_click_revenue,
        cast(owed_by_day.last_click_revenue as {{ type_money() }}) as last_click_revenue,
        cast(owed_by_day.linear_revenue as {{ type_money() }}) as linear_revenue
    from owed_by_day
    cross join bounds

)

select * from final
