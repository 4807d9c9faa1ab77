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
        order_items.shipping_limit_at_local
    from order_items
    left join orders on order_items.order_id = orders.order_id

)

{{ changed_rows('final') }}
