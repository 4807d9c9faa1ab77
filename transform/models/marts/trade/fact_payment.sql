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

pending as (

    {{ pending_versions('payments', key='payment_id', record_id='payment_record_id') }}

),

final as (

    select
        payment_record_id,
        payment_id,
        created_date,
        created_time,
        last_updated_date,
        last_updated_time,
        transaction_id,
        counterparty_id,
        payment_amount,
        currency_id,
        payment_type_id,
        is_paid as paid,
        payment_date,

        cast(version_number as integer) as _version,
        is_latest as _is_latest

    from pending

)

select * from final
