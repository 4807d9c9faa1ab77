with reviews as (

    select * from {{ ref('int_marketplace__reviews_classified') }}

),

order_items as (

    select * from {{ ref('fct_order_items') }}

),

products as (

    select * from {{ ref('dim_product') }}

),

categories_by_order as (

    select distinct
        order_items.order_id,
        coalesce(products.category, 'unknown') as category
    from order_items
    left join products on order_items.product_id = products.product_id

),

final as (

    select
        reviews.review_id,
        reviews.order_id,

        coalesce(categories_by_order.category, 'without items') as category,
        reviews.review_score,

        reviews.month_start_date
    from reviews
    left join categories_by_order on reviews.order_id = categories_by_order.order_id

)

select * from final
