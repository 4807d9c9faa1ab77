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

recorded as (

    {{ recorded_versions(record_id='sales_record_id', key='sales_order_id') }}

),

last_recorded as (

    select coalesce(max(sales_record_id), 0) as sales_record_id from recorded

),

pending as (

    select
        sales_orders.*,
        recorded.sales_record_id
    from sales_orders
    left join recorded
        on
            sales_orders.sales_order_id = recorded.sales_order_id
            and sales_orders.version_number = recorded._version
    where
        recorded.sales_record_id is null
        or sales_orders.is_latest <> recorded._is_latest

),

final as (

    select
        cast(
            coalesce(
                pending.sales_record_id,
                last_recorded.sales_record_id + row_number() over (
                    partition by pending.sales_record_id is null
                    order by pending.landed_at, pending.last_updated_at, pending.sales_order_id
                )
            ) as integer
        ) as sales_record_id,
        pending.sales_order_id,
        pending.created_date,
        pending.created_time,
        pending.last_updated_date,
        pending.last_updated_time,
        pending.staff_id as sales_staff_id,
        pending.counterparty_id,
        pending.units_sold,
        pending.unit_price,
        pending.currency_id,
        pending.design_id,
        pending.agreed_payment_date,
        pending.agreed_delivery_date,
        pending.agreed_delivery_location_id,

        cast(pending.version_number as integer) as _version,
        pending.is_latest as _is_latest

    from pending
    cross join last_recorded

)

select * from final
