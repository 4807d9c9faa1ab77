{{
    config(
        materialized='incremental',
        unique_key='order_id',
        post_hook="{{ delete_rows_missing_from(ref('stg_olist__orders'), ['order_id']) }}",
    )
}}

with orders as (

    select * from {{ ref('int_marketplace__orders_joined_to_customer_versions') }}

),

order_items as (

    select * from {{ ref('fct_order_items') }}

),

payments as (

    select * from {{ ref('fct_payments') }}

),

reviews as (

    select * from {{ ref('fct_reviews') }}

),

items_by_order as (

    select
        order_id,
        count(*) as item_count,
        sum(price) as item_amount,
        sum(freight_value) as freight_amount,
        sum(total_sale_amount) as total_sale_amount,
        sum(reporting_sale_amount) as reporting_sale_amount
    from order_items
    group by 1

),

payments_by_order as (

    select
        order_id,
        count(*) as payment_count,
        sum(payment_value) as payment_amount,
        sum(reporting_payment_value) as reporting_payment_amount
    from payments
    group by 1

),

reviews_by_order as (

    select
        order_id,
        count(*) as review_count,
        avg(review_score) as review_score
    from reviews
    group by 1

),

rates as (

    -- Olist's amounts are in Brazilian reais.
    select * from {{ ref('fct_exchange_rates') }}
    where currency_code = 'BRL'

),

final as (

    select
        orders.order_id,
        orders.customer_key,
        orders.customer_unique_id,

        orders.order_status,
        orders.order_status in ('canceled', 'unavailable') as is_canceled,
        cast(orders.delivered_at_local as date) > orders.estimated_delivery_date as is_late,
        {{ dbt.datediff('orders.purchase_date', 'orders.delivered_at_local', 'day') }}
            as delivery_days,

        coalesce(items_by_order.item_count, 0) as item_count,
        cast(coalesce(items_by_order.item_amount, 0) as {{ type_money() }}) as item_amount,
        cast(coalesce(items_by_order.freight_amount, 0) as {{ type_money() }}) as freight_amount,
        cast(coalesce(items_by_order.total_sale_amount, 0) as {{ type_money() }})
            as total_sale_amount,

        coalesce(payments_by_order.payment_count, 0) as payment_count,
        cast(coalesce(payments_by_order.payment_amount, 0) as {{ type_money() }})
            as payment_amount,

        coalesce(reviews_by_order.review_count, 0) as review_count,
        cast(reviews_by_order.review_score as numeric(3, 2)) as review_score,

        orders.purchase_date,
        orders.purchased_at_local,
        orders.approved_at_local,
        orders.handed_to_carrier_at_local,
        orders.delivered_at_local,
        orders.estimated_delivery_date,

        {{ reporting_rate_columns() }},
        cast(
            case
                when items_by_order.order_id is null then 0
                else items_by_order.reporting_sale_amount
            end as {{ type_money() }}
        ) as reporting_sale_amount,
        cast(
            case
                when payments_by_order.order_id is null then 0
                else payments_by_order.reporting_payment_amount
            end as {{ type_money() }}
        ) as reporting_payment_amount
    from orders
    left join items_by_order on orders.order_id = items_by_order.order_id
    left join payments_by_order on orders.order_id = payments_by_order.order_id
    left join reviews_by_order on orders.order_id = reviews_by_order.order_id
    left join rates on orders.purchase_date = rates.date_id

)

{{ changed_rows('final') }}
