-- Customers by how lately, how often and for how much they bought, the best first.
select
    rfm_segment,
    customer_count,
    customer_share,
    order_count,
    net_amount,
    net_share,
    average_recency_days
from retail.rpt_rfm_segments
order by segment_rank
