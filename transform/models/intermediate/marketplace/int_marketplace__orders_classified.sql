with orders as (

    select * from {{ ref('fct_orders') }}

),

customers as (

    select * from {{ ref('dim_customer') }}

),

final as (

    select
        orders.order_id,
        orders.customer_key,
        orders.customer_unique_id,

        coalesce(customers.state, 'unknown') as state,
        orders.is_canceled,
        case
            when orders.delivered_at_local is null then 'not delivered'
            when orders.is_late then 'late'
            else 'on time'
        end as delivery_outcome,

        orders.delivery_days,
        case
            when orders.delivered_at_local is not null
                then {{ dbt.datediff(
                    'orders.purchase_date', 'orders.estimated_delivery_date', 'day'
                ) }}
        end as promised_days,
        case
            when orders.is_late
                then {{ dbt.datediff(
                    'orders.estimated_delivery_date', 'orders.delivered_at_local', 'day'
                ) }}
            when orders.delivered_at_local is not null then 0
        end as late_days,

        orders.item_count,
        orders.item_amount,
        orders.freight_amount,
        orders.total_sale_amount,

        cast({{ dbt.date_trunc('month', 'orders.purchase_date') }} as date) as month_start_date,
        orders.purchase_date
    from orders
    left join customers on orders.customer_key = customers.customer_key

)

select * from final
