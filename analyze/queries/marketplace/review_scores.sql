-- How many reviews gave each score, by how the order was delivered.
select
    cast(review_score as varchar(1)) as review_score,
    delivery_outcome,
    sum(review_count) as review_count
from marketplace.rpt_review_scores
where month_start_date between :first_period and :last_period
group by review_score, delivery_outcome
order by review_score desc, delivery_outcome desc
