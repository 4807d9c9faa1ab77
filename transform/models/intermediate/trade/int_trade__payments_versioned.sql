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

        row_number() over (
            partition by payment_id
            order by landed_at, superseded_at nulls last
        ) as version_number,
        is_latest,

        cast(created_at as date) as created_date,
        cast(created_at as time) as created_time,
        cast(last_updated_at as date) as last_updated_date,
        cast(last_updated_at as time) as last_updated_time,
        last_updated_at,
        landed_at

    from versions

)

select * from numbered
