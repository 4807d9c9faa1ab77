-- The fifteen countries with the highest net sales, and their share of all.
with

countries as (

    select
        country,
        sum(order_count) as order_count,
        sum(gross_amount) as gross_amount,
        sum(net_amount) as net_amount
    from retail.rpt_country_monthly_sales
    where month_start_date between :first_period and :last_period
    group by country

)

select
    country,
    order_count,
    gross_amount,
    net_amount,
    net_amount / nullif(sum(net_amount) over (), 0) as net_share
from countries
order by net_amount desc, country
limit 15
