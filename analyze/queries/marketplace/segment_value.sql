-- People and revenue of each segment, the best first.
select
    rfm_segment,
    segment_rank,
    customer_count,
    revenue,
    average_order_value,
    customer_share,
    revenue_share
from marketplace.rpt_rfm_segments
order by segment_rank
