-- Sales by month of the category, or of the five with the highest sales.
with

largest as (

    select category
    from marketplace.rpt_category_monthly_sales
    where month_start_date between :first_period and :last_period
        and :category in ('all', category)
    group by category
    order by sum(total_sale_amount) desc, category
    limit 5

)

select
    sales.month_start_date,
    sales.category,
    sales.is_complete,
    sales.item_count,
    sales.total_sale_amount
from marketplace.rpt_category_monthly_sales as sales
inner join largest on sales.category = largest.category
where sales.month_start_date between :first_period and :last_period
order by sales.month_start_date, sales.category
