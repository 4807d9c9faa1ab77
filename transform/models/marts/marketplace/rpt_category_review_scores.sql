with reviews as (

    select * from {{ ref('int_marketplace__reviews_joined_to_categories') }}

),

months as (

    select * from {{ ref('rpt_monthly_sales') }}

),

reviews_by_month as (

    select
        month_start_date,
        category,

        count(*) as review_count,
        sum(review_score) as score_total,
        sum(case when review_score <= 2 then 1 else 0 end) as low_score_count
    from reviews
    group by 1, 2

),

final as (

    select
        reviews_by_month.month_start_date,
        reviews_by_month.category,

        months.is_complete,

        reviews_by_month.review_count,
        reviews_by_month.score_total,
        reviews_by_month.low_score_count,
        cast(
            1.0 * reviews_by_month.score_total / reviews_by_month.review_count as numeric(3, 2)
        ) as average_review_score
    from reviews_by_month
    left join months on reviews_by_month.month_start_date = months.month_start_date

)

select * from final
