-- How many people have so many orders and have spent so much.
select
    order_count,
    revenue,
    count(*) as customer_count
from marketplace.customer_lifetime_value
group by order_count, revenue
order by order_count, revenue
