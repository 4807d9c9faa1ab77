with

checkouts as (

    select * from {{ ref('fct_checkout_attribution') }}

),

owed as (

    {% for channel in channels() -%}
    select
        '{{ channel }}' as channel,
        case when first_click_channel = '{{ channel }}' then 1 else 0 end as is_first,
        case when last_click_channel = '{{ channel }}' then 1 else 0 end as is_last,
        amount,
        linear_{{ channel }}_amount as linear_amount
    from checkouts
    where is_attributed

    union all

    {% endfor -%}
    select
        'unattributed' as channel,
        1 as is_first,
        1 as is_last,
        amount,
        amount as linear_amount
    from checkouts
    where not is_attributed

),

final as (

    select
        channel,

        sum(is_first) as first_click_checkout_count,
        sum(is_last) as last_click_checkout_count,

        cast(sum(is_first * amount) as {{ type_money() }}) as first_click_revenue,
        cast(sum(is_last * amount) as {{ type_money() }}) as last_click_revenue,
        cast(sum(linear_amount) as {{ type_money() }}) as linear_revenue
    from owed
    group by channel

)

select * from final
