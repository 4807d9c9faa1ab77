with

versions as (

    select * from {{ ref('stg_totesys__payment_versions') }}

),

numbered as (

    select
        payment_id,
        transaction_id,
        counterparty_id,
        currency_id,
        payment_type_id,

        payment_amount,

        is_paid,

        payment_date,

        {{ version_columns('payment_id') }}

    from versions

)

select * from numbered
