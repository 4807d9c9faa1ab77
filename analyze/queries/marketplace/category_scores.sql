-- The mean score of reviews of the twenty categories with the most, the best first.
with

categories as (

    select
        category,
        sum(review_count) as review_count,
        sum(low_score_count) as low_score_count,
        sum(score_total) / nullif(sum(review_count), 0) as average_review_score
    from marketplace.rpt_category_review_scores
    where month_start_date between :first_period and :last_period
    group by category
    order by review_count desc, category
    limit 20

)

select
    category,
    review_count,
    low_score_count,
    average_review_score
from categories
order by average_review_score desc, category
