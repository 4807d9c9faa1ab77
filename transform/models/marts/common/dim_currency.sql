with

currencies as (

    select * from {{ ref('stg_totesys__currencies') }}

),

currency_names as (

    select * from {{ ref('currency_names') }}

),

final as (

    select
        currencies.currency_id,
        currencies.currency_code,
        coalesce(currency_names.currency_name, currencies.currency_code) as currency_name
    from currencies
    left join currency_names
        on currencies.currency_code = currency_names.currency_code

)

select * from final
