with customers as (

    select * from {{ ref('int_storefront__customers_judged') }}
    where reject_reason is null

),

orders as (

    select * from {{ ref('int_storefront__orders_judged') }}
    where reject_reason is null and not is_canceled

),

order_items as (

    select * from {{ ref('int_storefront__order_items_judged') }}
    where reject_reason is null and not is_canceled

),

reviews as (

    select * from {{ ref('int_storefront__reviews_judged') }}
    where reject_reason is null

),

orders_by_customer as (

    select
        customer_id,
        count(*) as total_orders
    from orders
    group by 1

),

items_by_customer as (

    select
        customer_id,
        sum(amount) as total_amount_spent,
        sum(quantity) as total_products_ordered
    from order_items
    group by 1

),

reviews_by_customer as (

    select
        customer_id,
        avg(rating) as average_rating
    from reviews
    group by 1

),

final as (

    select
        customers.customer_id,

        customers.name,
        customers.email,
        customers.country,

        cast(coalesce(items_by_customer.total_amount_spent, 0) as {{ type_money() }})
            as total_amount_spent,
        coalesce(orders_by_customer.total_orders, 0) as total_orders,
        cast(
            coalesce(items_by_customer.total_amount_spent, 0) / orders_by_customer.total_orders
            as {{ type_money() }}
        ) as average_order_value,
        coalesce(items_by_customer.total_products_ordered, 0) as total_products_ordered,
        cast(reviews_by_customer.average_rating as numeric(3, 2)) as average_rating
    from customers
    left join orders_by_customer on customers.customer_id = orders_by_customer.customer_id
    left join items_by_customer on customers.customer_id = items_by_customer.customer_id
    left join reviews_by_customer on customers.customer_id = reviews_by_customer.customer_id

)

select * from final
