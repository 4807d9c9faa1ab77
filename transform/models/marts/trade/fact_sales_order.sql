{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='sales_record_id',
    )
}}

with

sales_orders as (

    select * from {{ ref('int_trade__sales_orders_versioned') }}

),

pending as (

    {{ pending_versions('sales_orders', key='sales_order_id', record_id='sales_record_id') }}

),

final as (

    select
        sales_record_id,
        sales_order_id,
        created_date,
        created_time,
        last_updated_date,
        last_updated_time,
        staff_id as sales_staff_id,
        counterparty_id,
        units_sold,
        unit_price,
        currency_id,
        design_id,
        agreed_payment_date,
        agreed_delivery_date,
        agreed_delivery_location_id,

        cast(version_number as integer) as _version,
        is_latest as _is_latest

    from pending

)

select * from final
