-- All months in one row: what was ordered, how it came and was liked.
select
    sum(order_count) as order_count,
    sum(total_sale_amount) as total_sale_amount,
    sum(total_sale_amount) / nullif(sum(order_count), 0) as average_order_value,
    1.0 * sum(late_order_count) / nullif(sum(delivered_order_count), 0) as late_share,
    (
        select 1.0 * sum(scores.score_total) / nullif(sum(scores.review_count), 0)
        from marketplace.rpt_review_scores as scores
    ) as average_review_score,
    (
        select max(people.last_order_date)
        from marketplace.customer_lifetime_value as people
    ) as last_date
from marketplace.rpt_monthly_sales
