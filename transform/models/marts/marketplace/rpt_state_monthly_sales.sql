with orders as (

    select * from {{ ref('int_marketplace__orders_classified') }}

),

months as (

    select * from {{ ref('rpt_monthly_sales') }}

),

orders_by_month as (

    select
        month_start_date,
        state,

        count(*) as order_count,
        sum(case when is_canceled then 1 else 0 end) as canceled_order_count,
        count(distinct customer_unique_id) as customer_count,
        sum(item_count) as item_count,

        sum(item_amount) as item_amount,
        sum(freight_amount) as freight_amount,
        sum(total_sale_amount) as total_sale_amount
    from orders
    group by 1, 2

),

final as (

    select
        orders_by_month.month_start_date,
        orders_by_month.state,

        months.is_complete,

        orders_by_month.order_count,
        orders_by_month.canceled_order_count,
        orders_by_month.customer_count,
        cast(orders_by_month.item_count as bigint) as item_count,

        cast(orders_by_month.item_amount as {{ type_money() }}) as item_amount,
        cast(orders_by_month.freight_amount as {{ type_money() }}) as freight_amount,
        cast(orders_by_month.total_sale_amount as {{ type_money() }}) as total_sale_amount,
        cast(orders_by_month.total_sale_amount / orders_by_month.order_count as {{ type_money() }})
            as average_order_value
    from orders_by_month
    left join months on orders_by_month.month_start_date = months.month_start_date

)

select * from final
