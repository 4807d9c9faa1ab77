-- Orders and sales of each state that customers live in.
select
    state,
    sum(order_count) as order_count,
    sum(total_sale_amount) as total_sale_amount,
    sum(total_sale_amount) / nullif(sum(order_count), 0) as average_order_value
from marketplace.rpt_state_monthly_sales
where month_start_date between :first_period and :last_period
group by state
order by order_count desc, state
