with

source as (

    select * from {{ ref('snap_totesys__payments') }}

),

renamed as (

    select
        payment_id,
        transaction_id,
        counterparty_id,
        currency_id,
        payment_type_id,

        payment_amount,

        paid as is_paid,
        dbt_valid_to is null as is_latest,

        cast(payment_date as date) as payment_date,

        created_at,
        last_updated as last_updated_at,
        _sdc_batched_at as landed_at,
        dbt_valid_to as superseded_at

    from source

)

select * from renamed
