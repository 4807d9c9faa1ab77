-- Customers and net sales of each segment, the best first.
select
    rfm_segment,
    segment_rank,
    customer_count,
    net_amount,
    customer_share,
    net_share
from retail.rpt_rfm_segments
order by segment_rank
