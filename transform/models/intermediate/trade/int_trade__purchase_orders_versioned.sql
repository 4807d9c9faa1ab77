with

versions as (

    select * from {{ ref('stg_totesys__purchase_order_versions') }}

),

numbered as (

    select
        purchase_order_id,
        staff_id,
        counterparty_id,
        currency_id,
        agreed_delivery_location_id,

        item_code,

        item_quantity,
        item_unit_price,

        agreed_payment_date,
        agreed_delivery_date,

        row_number() over (
            partition by purchase_order_id
            order by landed_at, superseded_at nulls last
        ) as version_number,
        is_latest,

        cast(created_at as date) as created_date,
        cast(created_at as time) as created_time,
        cast(last_updated_at as date) as last_updated_date,
        cast(last_updated_at as time) as last_updated_time,
        last_updated_at,
        landed_at

    from versions

)

select * from numbered
