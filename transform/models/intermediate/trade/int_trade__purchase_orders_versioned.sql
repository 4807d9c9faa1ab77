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

        {{ version_columns('purchase_order_id') }}

    from versions

)

select * from numbered
