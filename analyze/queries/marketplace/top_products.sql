-- The fifteen products with the highest sales.
select
    product_id,
    category,
    substr(product_id, 1, 6) || ' ' || category as product,
    sum(item_count) as item_count,
    sum(total_sale_amount) as total_sale_amount
from marketplace.rpt_product_monthly_sales
where month_start_date between :first_period and :last_period
    and :category in ('all', category)
group by product_id, category
order by total_sale_amount desc, product_id
limit 15
