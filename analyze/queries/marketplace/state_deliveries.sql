-- Which part of the delivered orders came late, by state of the customer.
select
    state,
    sum(delivered_order_count) as delivered_order_count,
    sum(late_order_count) as late_order_count,
    sum(late_order_count) / nullif(sum(delivered_order_count), 0) as late_share,
    sum(delivery_days_total) / nullif(sum(delivered_order_count), 0) as average_delivery_days
from marketplace.rpt_delivery_performance
where month_start_date between :first_period and :last_period
group by state
having sum(delivered_order_count) > 0
order by late_share desc, state
