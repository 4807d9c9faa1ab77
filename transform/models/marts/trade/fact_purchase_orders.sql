{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='purchase_record_id',
    )
}}

with

purchase_orders as (

    select * from {{ ref('int_trade__purchase_orders_versioned') }}

),

pending as (

    {{ pending_versions('purchase_orders', key='purchase_order_id', record_id='purchase_record_id') }}

),

final as (

    select
        purchase_record_id,
        purchase_order_id,
        created_date,
        created_time,
        last_updated_date,
        last_updated_time,
        staff_id,
        counterparty_id,
        item_code,
        item_quantity,
        item_unit_price,
        currency_id,
        agreed_delivery_date,
        agreed_payment_date,
        agreed_delivery_location_id,

        cast(version_number as integer) as _version,
        is_latest as _is_latest

    from pending

)

select * from final
