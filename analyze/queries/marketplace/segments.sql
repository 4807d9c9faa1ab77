-- Customers by how lately, how often and for how much they bought, the best first.
select
    rfm_segment,
    customer_count,
    customer_share,
    order_count,
    revenue,
    revenue_share,
    average_order_value,
    average_recency_days
from marketplace.rpt_rfm_segments
order by segment_rank
