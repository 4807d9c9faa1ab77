-- The mean score of reviews by how the order was delivered.
select
    delivery_outcome,
    sum(review_count) as review_count,
    sum(score_total) / nullif(sum(review_count), 0) as average_review_score
from marketplace.rpt_review_scores
where month_start_date between :first_period and :last_period
group by delivery_outcome
order by average_review_score desc, delivery_outcome
