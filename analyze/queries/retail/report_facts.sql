-- All months in one row: what was charged, given back and kept.
select
    sum(order_count) as order_count,
    sum(gross_amount) as gross_amount,
    sum(net_amount) as net_amount,
    1.0 * sum(returned_amount) / nullif(sum(gross_amount), 0) as returned_share,
    (select max(items.last_seen_date) from retail.dim_stock_item as items) as last_date
from retail.rpt_monthly_sales
