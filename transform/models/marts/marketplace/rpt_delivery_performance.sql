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
        sum(case when delivery_outcome <> 'not delivered' then 1 else 0 end)
            as delivered_order_count,
        sum(case when delivery_outcome = 'late' then 1 else 0 end) as late_order_count,

        coalesce(sum(delivery_days), 0) as delivery_days_total,
        coalesce(sum(promised_days), 0) as promised_days_total,
        coalesce(sum(late_days), 0) as late_days_total
    from orders
    group by 1, 2

),

final as (

    select
        orders_by_month.month_start_date,
        orders_by_month.state,

        months.is_complete,

        orders_by_month.order_count,
        orders_by_month.delivered_order_count,
        orders_by_month.late_order_count,

        orders_by_month.delivery_days_total,
        orders_by_month.promised_days_total,
        orders_by_month.late_days_total,

        cast(
            1.0 * orders_by_month.delivery_days_total
            / nullif(orders_by_month.delivered_order_count, 0) as numeric(9, 2)
        ) as average_delivery_days,
        cast(
            1.0 * orders_by_month.promised_days_total
            / nullif(orders_by_month.delivered_order_count, 0) as numeric(9, 2)
        ) as average_promised_days,
        cast(
            1.0 * orders_by_month.late_order_count
            / nullif(orders_by_month.delivered_order_count, 0) as numeric(9, 8)
        ) as late_share
    from orders_by_month
    left join months on orders_by_month.month_start_date = months.month_start_date

)

select * from final
