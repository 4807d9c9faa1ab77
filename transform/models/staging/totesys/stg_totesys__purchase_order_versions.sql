with

source as (

    select * from {{ ref('snap_totesys__purchase_orders') }}

),

renamed as (

    select
        purchase_order_id,
        staff_id,
        counterparty_id,
        currency_id,
        agreed_delivery_location_id,

        item_code,

        item_quantity,
        item_unit_price,

        dbt_valid_to is null as is_latest,

        cast(agreed_payment_date as date) as agreed_payment_date,
        cast(agreed_delivery_date as date) as agreed_delivery_date,

        created_at,
        last_updated as last_updated_at,
        _sdc_batched_at as landed_at,
        dbt_valid_to as superseded_at

    from source

)

select * from renamed
