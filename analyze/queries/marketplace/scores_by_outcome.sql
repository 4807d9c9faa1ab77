-- How often each score was given in each month, by how the order was delivered.
select
    month_start_date,
    delivery_outcome,
    review_score,
    review_count
from marketplace.rpt_review_scores
order by month_start_date, delivery_outcome, review_score
