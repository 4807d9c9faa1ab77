{{
    config(
        materialized='incremental',
        unique_key=['order_id', 'payment_sequential'],
        post_hook="{{ delete_rows_missing_from(
            ref('stg_olist__order_payments'), ['order_id', 'payment_sequential']
        ) }}",
    )
}}

with payments as (

    select * from {{ ref('stg_olist__order_payments') }}

),

orders as (

    select * from {{ ref('int_marketplace__orders_joined_to_customer_versions') }}

),

rates as (

    -- Olist's amounts are in Brazilian reais.
    select * from {{ ref('fct_exchange_rates') }}
    where currency_code = 'BRL'

),

final as (

    select
        payments.order_id,
        payments.payment_sequential,
        orders.customer_key,

        payments.payment_type,
        payments.payment_installments,

        payments.payment_value,

        orders.purchase_date,

        {{ reporting_rate_columns() }},
        {{ in_reporting_currency('payments.payment_value') }} as reporting_payment_value
    from payments
    left join orders on payments.order_id = orders.order_id
    left join rates on orders.purchase_date = rates.date_id

)

{{ changed_rows('final') }}
