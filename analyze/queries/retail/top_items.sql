-- The fifteen goods with the highest net sales.
select
    item_code,
    description,
    sum(sold_quantity) as sold_quantity,
    sum(returned_quantity) as returned_quantity,
    sum(net_amount) as net_amount
from retail.rpt_item_monthly_sales
where month_start_date between :first_period and :last_period
    and item_kind = 'goods'
group by item_code, description
order by net_amount desc, item_code
limit 15
