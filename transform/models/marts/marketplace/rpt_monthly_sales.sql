with orders as (

    select * from {{ ref('fct_orders') }}

),

dates as (

    select * from {{ ref('dim_date') }}

),

bounds as (

    select
        min(purchase_date) as first_purchase_date,
        max(purchase_date) as last_purchase_date
    from orders

),

months as (

    select distinct
        dates.month_start_date,
        dates.month_end_date <= bounds.last_purchase_date as is_complete
    from dates
    inner join bounds
        on
            dates.month_end_date >= bounds.first_purchase_date
            and dates.month_start_date <= bounds.last_purchase_date

),

orders_by_month as (

    select
        dates.month_start_date,

        count(*) as order_count,
        sum(case when orders.is_canceled then 1 else 0 end) as canceled_order_count,
        sum(case when orders.delivered_at_local is not null then 1 else 0 end)
            as delivered_order_count,
        sum(case when orders.is_late then 1 else 0 end) as late_order_count,
        count(distinct orders.customer_unique_id) as customer_count,
        sum(orders.item_count) as item_count,

        sum(orders.item_amount) as item_amount,
        sum(orders.freight_amount) as freight_amount,
        sum(orders.total_sale_amount) as total_sale_amount,
        sum(case when orders.is_canceled then orders.total_sale_amount else 0 end)
            as canceled_sale_amount,
        sum(orders.payment_amount) as payment_amount,

        sum(orders.reporting_sale_amount) as reporting_sale_amount,
        sum(case when orders.exchange_rate is null then 1 else 0 end) as unconverted_order_count
    from orders
    inner join dates on orders.purchase_date = dates.date_id
    group by 1

),

final as (

    select
        months.month_start_date,
        months.is_complete,

        coalesce(orders_by_month.order_count, 0) as order_count,
        coalesce(orders_by_month.canceled_order_count, 0) as canceled_order_count,
        coalesce(orders_by_month.delivered_order_count, 0) as delivered_order_count,
        coalesce(orders_by_month.late_order_count, 0) as late_order_count,
        coalesce(orders_by_month.customer_count, 0) as customer_count,
        cast(coalesce(orders_by_month.item_count, 0) as bigint) as item_count,

        cast(coalesce(orders_by_month.item_amount, 0) as {{ type_money() }}) as item_amount,
        cast(coalesce(orders_by_month.freight_amount, 0) as {{ type_money() }}) as freight_amount,
        cast(coalesce(orders_by_month.total_sale_amount, 0) as {{ type_money() }})
            as total_sale_amount,
        cast(coalesce(orders_by_month.canceled_sale_amount, 0) as {{ type_money() }})
            as canceled_sale_amount,
        cast(coalesce(orders_by_month.payment_amount, 0) as {{ type_money() }}) as payment_amount,
        cast(orders_by_month.total_sale_amount / orders_by_month.order_count as {{ type_money() }})
            as average_order_value,

        '{{ var("reporting_currency") }}' as reporting_currency_code,
        cast(coalesce(orders_by_month.reporting_sale_amount, 0) as {{ type_money() }})
            as reporting_sale_amount,
        coalesce(orders_by_month.unconverted_order_count, 0) as unconverted_order_count
    from months
    left join orders_by_month on months.month_start_date = orders_by_month.month_start_date

)

select * from final
