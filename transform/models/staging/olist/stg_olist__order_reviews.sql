with source as (

    select * from {{ source('raw_olist', 'order_reviews') }}

),

renamed as (

    select
        review_id,
        order_id,

        review_score,
        review_comment_title,
        review_comment_message,

        cast(review_creation_date as date) as review_creation_date,
        review_answer_timestamp as review_answered_at_local
    from source

)

select * from renamed
