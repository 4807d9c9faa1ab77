with reviews as (

    select * from {{ ref('fct_reviews') }}

),

orders as (

    select * from {{ ref('int_marketplace__orders_classified') }}

),

final as (

    select
        reviews.review_id,
        reviews.order_id,

        orders.delivery_outcome,
        reviews.review_score,

        orders.month_start_date
    from reviews
    left join orders on reviews.order_id = orders.order_id

)

select * from final
