-- The version that an order points to is the same person's and was valid at the purchase.
with orders as (

    select * from {{ ref('fct_orders') }}

),

customers as (

    select * from {{ ref('dim_customer') }}

)

select
    orders.order_id,
    orders.purchased_at_local,
    customers.valid_from,
    customers.valid_to
from orders
inner join customers on orders.customer_key = customers.customer_key
where
    orders.customer_unique_id <> customers.customer_unique_id
    or orders.purchased_at_local < customers.valid_from
    or orders.purchased_at_local > customers.valid_to
