-- A rule of the business, not of the pipeline: a source in which an order has no payment yet, or is
-- paid in parts, may break it. Refunds are left out.
{{ config(severity='warn') }}

with

payments as (

    select * from {{ ref('fact_payment') }}
    where _is_latest

),

payment_types as (

    select * from {{ ref('dim_payment_type') }}

),

transactions as (

    select * from {{ ref('dim_transaction') }}

),

sales_orders as (

    select * from {{ ref('fact_sales_order') }}
    where _is_latest

),

purchase_orders as (

    select * from {{ ref('fact_purchase_orders') }}
    where _is_latest

),

ordered as (

    select
        transactions.transaction_id,
        coalesce(sales_orders.currency_id, purchase_orders.currency_id) as currency_id,
        coalesce(
            round(sales_orders.units_sold * sales_orders.unit_price, 2),
            round(purchase_orders.item_quantity * purchase_orders.item_unit_price, 2)
        ) as ordered_amount
    from transactions
    left join sales_orders
        on transactions.sales_order_id = sales_orders.sales_order_id
    left join purchase_orders
        on transactions.purchase_order_id = purchase_orders.purchase_order_id

),

settled as (

    select
        payments.transaction_id,
        payments.currency_id,
        sum(payments.payment_amount) as settled_amount
    from payments
    inner join payment_types
        on payments.payment_type_id = payment_types.payment_type_id
    where payment_types.payment_type_name in ('SALES_RECEIPT', 'PURCHASE_PAYMENT')
    group by
        payments.transaction_id,
        payments.currency_id

)

select
    coalesce(ordered.transaction_id, settled.transaction_id) as transaction_id,
    coalesce(ordered.currency_id, settled.currency_id) as currency_id,
    ordered.ordered_amount,
    settled.settled_amount
from ordered
full join settled
    on
        ordered.transaction_id = settled.transaction_id
        and ordered.currency_id = settled.currency_id
where ordered.ordered_amount is distinct from settled.settled_amount
