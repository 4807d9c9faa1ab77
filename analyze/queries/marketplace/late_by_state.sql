-- Deliveries of each state, and those after the promised day.
select
    state,
    sum(delivered_order_count) as delivered_order_count,
    sum(late_order_count) as late_order_count,
    1.0 * sum(delivery_days_total) / nullif(sum(delivered_order_count), 0)
        as average_delivery_days,
    1.0 * sum(promised_days_total) / nullif(sum(delivered_order_count), 0)
        as average_promised_days
from marketplace.rpt_delivery_performance
group by state
having sum(delivered_order_count) > 0
order by state
