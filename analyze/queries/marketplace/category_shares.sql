-- Each category's share of all sales, the largest first.
select
    category,
    sales_rank,
    item_count,
    total_sale_amount,
    share_of_sales
from marketplace.rpt_category_sales
order by sales_rank
