-- Sales and orders of each month, months without any among them.
select
    months.month_start_date,
    months.is_complete,
    coalesce(sum(sales.order_count), 0) as order_count,
    coalesce(sum(sales.item_count), 0) as item_count,
    coalesce(sum(sales.total_sale_amount), 0) as total_sale_amount,
    sum(sales.total_sale_amount) / nullif(sum(sales.order_count), 0) as average_order_value
from marketplace.rpt_monthly_sales as months
left join marketplace.rpt_state_monthly_sales as sales
    on months.month_start_date = sales.month_start_date
    and :state in ('all', sales.state)
where months.month_start_date between :first_period and :last_period
group by months.month_start_date, months.is_complete
order by months.month_start_date
