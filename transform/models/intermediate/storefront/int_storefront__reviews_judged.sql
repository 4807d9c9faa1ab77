{{ config(materialized='table') }}

with reviews as (

    select * from {{ ref('stg_storefront__reviews') }}

),

customers as (

    select * from {{ ref('int_storefront__customers_judged') }}
    where reject_reason is null

),

products as (

    select * from {{ ref('int_storefront__products_judged') }}
    where reject_reason is null

),

faults as (

    select
        reviews.*,
        case
            when reviews.review_id is null then 'missing: review_id'
            when reviews.product_id is null then 'missing: product_id'
            when reviews.customer_id is null then 'missing: customer_id'
            when reviews.rating_text is null then 'missing: rating'
            when reviews.rating is null then 'invalid: rating is none of 1 to 5'
        end as fault
    from reviews

),

ranked as (

    select
        faults.*,
        {{ rank_of_duplicate('review_id') }}
    from faults

),

final as (

    select
        ranked.row_id,
        ranked.review_id,
        ranked.product_id,
        ranked.customer_id,

        products.category,
        ranked.rating,

        ranked.review_date,

        coalesce(
            ranked.fault,
            {{ duplicate_reason('review_id') }},
            case
                when customers.customer_id is null then 'orphan: no customer ' || ranked.customer_id
            end,
            case
                when products.product_id is null then 'orphan: no product ' || ranked.product_id
            end
        ) as reject_reason
    from ranked
    left join customers on ranked.customer_id = customers.customer_id
    left join products on ranked.product_id = products.product_id

)

select * from final
