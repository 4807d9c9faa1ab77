-- The fifteen categories with the highest sales, and their share of all.
with

categories as (

    select
        category,
        sum(item_count) as item_count,
        sum(total_sale_amount) as total_sale_amount
    from marketplace.rpt_category_monthly_sales
    where month_start_date between :first_period and :last_period
    group by category

)

select
    category,
    item_count,
    total_sale_amount,
    total_sale_amount / nullif(sum(total_sale_amount) over (), 0) as share_of_sales
from categories
order by total_sale_amount desc, category
limit 15
