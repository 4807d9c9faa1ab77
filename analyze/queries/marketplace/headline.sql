-- What was ordered in the months and the state, and how it was delivered.
with

sales as (

    select
        sum(order_count) as order_count,
        sum(item_count) as item_count,
        sum(total_sale_amount) as total_sale_amount,
        sum(total_sale_amount) / nullif(sum(order_count), 0) as average_order_value
    from marketplace.rpt_state_monthly_sales
    where month_start_date between :first_period and :last_period
        and :state in ('all', state)

),

deliveries as (

    select
        sum(late_order_count) / nullif(sum(delivered_order_count), 0) as late_share,
        sum(delivery_days_total) / nullif(sum(delivered_order_count), 0) as average_delivery_days
    from marketplace.rpt_delivery_performance
    where month_start_date between :first_period and :last_period
        and :state in ('all', state)

)

select
    sales.order_count,
    sales.item_count,
    sales.total_sale_amount,
    sales.average_order_value,
    deliveries.late_share,
    deliveries.average_delivery_days
from sales
cross join deliveries
