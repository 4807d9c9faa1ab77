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

recorded as (

    {{ recorded_versions(record_id='purchase_record_id', key='purchase_order_id') }}

),

last_recorded as (

    select coalesce(max(purchase_record_id), 0) as purchase_record_id from recorded

),

pending as (

    select
        purchase_orders.*,
        recorded.purchase_record_id
    from purchase_orders
    left join recorded
        on
            purchase_orders.purchase_order_id = recorded.purchase_order_id
            and purchase_orders.version_number = recorded._version
    where
        recorded.purchase_record_id is null
        or purchase_orders.is_latest <> recorded._is_latest

),

final as (

    select
        cast(
            coalesce(
                pending.purchase_record_id,
                last_recorded.purchase_record_id + row_number() over (
                    partition by pending.purchase_record_id is null
                    order by pending.landed_at, pending.last_updated_at, pending.purchase_order_id
                )
            ) as integer
        ) as purchase_record_id,
        pending.purchase_order_id,
        pending.created_date,
        pending.created_time,
        pending.last_updated_date,
        pending.last_updated_time,
        pending.staff_id,
        pending.counterparty_id,
        pending.item_code,
        pending.item_quantity,
        pending.item_unit_price,
        pending.currency_id,
        pending.agreed_delivery_date,
        pending.agreed_payment_date,
        pending.agreed_delivery_location_id,

        cast(pending.version_number as integer) as _version,
        pending.is_latest as _is_latest

    from pending
    cross join last_recorded

)

select * from final
