-- What was sold, and what came back, in the months and the country.
select
    sum(order_count) as order_count,
    sum(gross_amount) as gross_amount,
    sum(returned_amount) as returned_amount,
    sum(net_amount) as net_amount,
    sum(returned_amount) / nullif(sum(gross_amount), 0) as returned_share,
    sum(net_amount) / nullif(sum(order_count), 0) as net_per_order
from retail.rpt_country_monthly_sales
where month_start_date between :first_period and :last_period
    and :country in ('all', country)
