{{
    config(
        materialized='incremental',
        unique_key='payment_record_id',
        post_hook="{{ delete_rows_missing_from(ref('fact_payment'), ['payment_record_id']) }}",
    )
}}

with

facts as (

    select * from {{ ref('fact_payment') }}

),

currencies as (

    select * from {{ ref('trade_dim_currency') }}

),

rates as (

    select * from {{ ref('fct_exchange_rates') }}

),

final as (

    select
        facts.payment_record_id,
        facts.payment_id,
        currencies.currency_code,

        cast(facts.payment_amount as {{ type_money() }}) as payment_amount,

        {{ reporting_rate_columns() }},
        {{ in_reporting_currency('facts.payment_amount') }}
            as reporting_payment_amount,

        facts.created_date,
        facts._version,
        facts._is_latest

    from facts
    left join currencies
        on facts.currency_id = currencies.currency_id
    left join rates
        on
            facts.created_date = rates.date_id
            and currencies.currency_code = rates.currency_code

)

{{ changed_rows('final') }}
