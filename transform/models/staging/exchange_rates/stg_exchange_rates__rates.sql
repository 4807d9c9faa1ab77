with

source as (

    select * from {{ ref('snap_exchange_rates__rates') }}

),

numbered as (

    select
        *,
        first_value(rate) over (
            partition by date, base, currency, publisher
            order by dbt_valid_from, dbt_scd_id
        ) as first_rate
    from source

),

renamed as (

    select
        base as base_currency_code,
        currency as currency_code,
        publisher,

        first_rate as rate,
        rate as published_rate,
        rate <> first_rate as is_republished,

        date as rate_date
    from numbered
    where dbt_valid_to is null

)

select * from renamed
