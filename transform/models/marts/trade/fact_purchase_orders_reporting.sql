{{
    config(
        materialized='incremental',
        unique_key='purchase_record_id',
        post_hook="{{ delete_rows_missing_from(ref('fact_purchase_orders'), ['purchase_record_id']) }}",
    )
}}

with

facts as (

    select * from {{ ref('fact_purchase_orders') }}

),

currencies as (

    select * from {{ ref('trade_dim_currency') }}

),

rates as (

    select * from {{ ref('fct_exchange_rates') }}

),

final as (

    select
        facts.purchase_record_id,
        facts.purchase_order_id,
        currencies.currency_code,

        cast(round(facts.item_quantity * facts.item_unit_price, 2) as {{ type_money() }}) as purchase_amount,

        {{ reporting_rate_columns() }},
        {{ in_reporting_currency('round(facts.item_quantity * facts.item_unit_price, 2)') }}
            as reporting_purchase_amount,

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
