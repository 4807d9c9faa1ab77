{{
    config(
        materialized='incremental',
        unique_key=['order_id', 'order_item_id'],
        post_hook="{{ delete_rows_missing_from(
            ref('stg_olist__order_items'), ['order_id', 'order_item_id']
        ) }}",
    )
}}

with order_items as (

    select * from {{ ref('stg_olist__order_items') }}

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
        order_items.order_id,
        order_items.order_item_id,
        orders.customer_key,
        order_items.product_id,
        order_items.seller_id,

        order_items.price,
        order_items.freight_value,
        cast(order_items.price + order_items.freight_value as {{ type_money() }})
            as total_sale_amount,

        orders.purchase_date,
        order_items.shipping_limit_at_local,

        {{ reporting_rate_columns() }},
        {{ in_reporting_currency('order_items.price') }} as reporting_price,
        {{ in_reporting_currency('order_items.freight_value') }} as reporting_freight_value,
        cast(
            {{ in_reporting_currency('order_items.price') }}
            + {{ in_reporting_currency('order_items.freight_value') }} as {{ type_money() }}
        ) as reporting_sale_amount
    from order_items
    left join orders on order_items.order_id = orders.order_id
    left join rates on orders.purchase_date = rates.date_id

)

{{ changed_rows('final') }}
