-- The five products in most orders.
select
    product_name,
    category,
    order_count,
    quantity,
    amount
from storefront.rpt_top_products
order by product_rank
