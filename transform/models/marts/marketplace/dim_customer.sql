with orders as (

    select * from {{ ref('int_marketplace__orders_joined_to_customer_versions') }}

),

versions as (

    select
        customer_key,
        customer_unique_id,
        version_number,

        zip_code_prefix,
        city,
        state,

        min(purchased_at_local) as valid_from
    from orders
    where customer_unique_id is not null
    group by 1, 2, 3, 4, 5, 6

),

bounded as (

    select
        *,
        lead(valid_from) over (
            partition by customer_unique_id order by version_number
        ) as valid_to
    from versions

),

final as (

    select
        customer_key,
        customer_unique_id,
        cast(version_number as integer) as version_number,

        zip_code_prefix,
        city,
        state,

        valid_from,
        valid_to,
        valid_to is null as is_current
    from bounded

)

select * from final
