{{
    config(
        materialized='incremental',
        unique_key=['review_id', 'order_id'],
        post_hook="{{ delete_rows_missing_from(
            ref('stg_olist__order_reviews'), ['review_id', 'order_id']
        ) }}",
    )
}}

with reviews as (

    select * from {{ ref('stg_olist__order_reviews') }}

),

orders as (

    select * from {{ ref('int_marketplace__orders_joined_to_customer_versions') }}

),

final as (

    select
        reviews.review_id,
        reviews.order_id,
        orders.customer_key,

        reviews.review_score,
        reviews.review_comment_title,
        reviews.review_comment_message,
        reviews.review_comment_title is not null
        or reviews.review_comment_message is not null as has_comment,

        orders.purchase_date,
        reviews.review_creation_date,
        reviews.review_answered_at_local
    from reviews
    left join orders on reviews.order_id = orders.order_id

)

{{ changed_rows('final') }}
