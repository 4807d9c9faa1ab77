-- Days from purchase to the door and to the promised day, means over the delivered orders of a month.
with

months as (

    select
        month_start_date,
        is_complete,
        sum(delivered_order_count) as delivered_order_count,
        sum(delivery_days_total) as delivery_days_total,
        sum(promised_days_total) as promised_days_total
    from marketplace.rpt_delivery_performance
    where month_start_date between :first_period and :last_period
        and :state in ('all', state)
    group by month_start_date, is_complete
    having sum(delivered_order_count) > 0

)

select
    month_start_date,
    is_complete,
    'promised' as kind,
    promised_days_total / delivered_order_count as average_days
from months

union all

select
    month_start_date,
    is_complete,
    'taken' as kind,
    delivery_days_total / delivered_order_count as average_days
from months

order by month_start_date, kind
