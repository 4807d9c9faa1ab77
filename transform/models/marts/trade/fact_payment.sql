{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='payment_record_id',
    )
}}

with

payments as (

    select * from {{ ref('int_trade__payments_versioned') }}

),

recorded as (

    {{ recorded_versions(record_id='payment_record_id', key='payment_id') }}

),

last_recorded as (

    select coalesce(max(payment_record_id), 0) as payment_record_id from recorded

),

pending as (

    select
        payments.*,
        recorded.payment_record_id
    from payments
    left join recorded
        on
            payments.payment_id = recorded.payment_id
            and payments.version_number = recorded._version
    where
        recorded.payment_record_id is null
        or payments.is_latest <> recorded._is_latest

),

final as (

    select
        cast(
            coalesce(
                pending.payment_record_id,
                last_recorded.payment_record_id + row_number() over (
                    partition by pending.payment_record_id is null
                    order by pending.landed_at, pending.last_updated_at, pending.payment_id
                )
            ) as integer
        ) as payment_record_id,
        pending.payment_id,
        pending.created_date,
        pending.created_time,
        pending.last_updated_date,
        pending.last_updated_time,
        pending.transaction_id,
        pending.counterparty_id,
        pending.payment_amount,
        pending.currency_id,
        pending.payment_type_id,
        pending.is_paid as paid,
        pending.payment_date,

        cast(pending.version_number as integer) as _version,
        pending.is_latest as _is_latest

    from pending
    cross join last_recorded

)

select * from final
