-- Which part of the delivered orders came after the promised day, by month of purchase.
select
    month_start_date,
    is_complete,
    sum(delivered_order_count) as delivered_order_count,
    sum(late_order_count) as late_order_count,
    sum(late_order_count) / nullif(sum(delivered_order_count), 0) as late_share
from marketplace.rpt_delivery_performance
where month_start_date between :first_period and :last_period
    and :state in ('all', state)
group by month_start_date, is_complete
order by month_start_date
