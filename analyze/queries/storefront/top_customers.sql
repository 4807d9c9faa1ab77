-- The five customers who spent most.
select
    name,
    country,
    total_orders,
    total_amount_spent
from storefront.rpt_top_customers
order by customer_rank
