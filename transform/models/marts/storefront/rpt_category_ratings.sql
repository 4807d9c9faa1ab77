with reviews as (

    select * from {{ ref('int_storefront__reviews_judged') }}
    where reject_reason is null

),

final as (

    select
        category,

        count(*) as review_count,
        count(distinct product_id) as product_count,
        sum(rating) as rating_total,
        cast(avg(rating) as numeric(3, 2)) as average_rating
    from reviews
    group by 1

)

select * from final
