with customers as (

    select * from {{ ref('customer_summary') }}

),

top_customers as (

    select *
    from customers
    where total_amount_spent > 0
    order by total_amount_spent desc, customer_id asc
    limit 5

),

final as (

    select
        row_number() over (order by total_amount_spent desc, customer_id asc) as customer_rank,
        customer_id,

        name,
        country,

        total_amount_spent,
        total_orders
    from top_customers

)

select * from final
