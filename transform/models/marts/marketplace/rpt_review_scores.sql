with reviews as (

    select * from {{ ref('int_marketplace__reviews_classified') }}

),

months as (

    select * from {{ ref('rpt_monthly_sales') }}

),

reviews_by_month as (

    select
        month_start_date,
        delivery_outcome,
        review_score,

        count(*) as review_count,
        sum(review_score) as score_total
    from reviews
    group by 1, 2, 3

),

final as (

    select
        reviews_by_month.month_start_date,
        reviews_by_month.delivery_outcome,
        reviews_by_month.review_score,

        months.is_complete,

        reviews_by_month.review_count,
        reviews_by_month.score_total
    from reviews_by_month
    left join months on reviews_by_month.month_start_date = months.month_start_date

)

select * from final
