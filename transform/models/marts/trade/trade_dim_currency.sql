{{ config(alias='dim_currency') }}

with

currencies as (

    select * from {{ ref('dim_currency') }}

),

final as (

    select
        currency_id,
        currency_code,
        currency_name
    from currencies

)

select * from final
