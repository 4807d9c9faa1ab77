{{
    config(
        materialized='incremental',
        unique_key='sales_record_id',
        post_hook="{{ delete_rows_missing_from(ref('fact_sales_order'), ['sales_record_id']) }}",
    )
}}

with

facts as (

    select * from {{ ref('fact_sales_order') }}

),

currencies as (

    select * from {{ ref('trade_dim_currency') }}

),

rates as (

    select * from {{ ref('fct_exchange_rates') }}

),

final as (

    select
        facts.sales_record_id,
        facts.sales_order_id,
        currencies.currency_code,

        cast(round(facts.units_sold * facts.unit_price, 2) as {{ type_money() }}) as sale_amount,

        {{ reporting_rate_columns() }},
        {{ in_reporting_currency('round(facts.units_sold * facts.unit_price, 2)') }}
            as reporting_sale_amount,

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
