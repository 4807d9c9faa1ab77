-- What each customer who ordered has spent, the most first.
select
    customer_id,
    total_orders,
    total_amount_spent
from storefront.customer_summary
where total_orders > 0
order by total_amount_spent desc, customer_id asc
