with order_items as (

    select * from {{ ref('int_storefront__order_items_judged') }}
    where reject_reason is null and not is_canceled

),

items_by_product as (

    select
        product_id,
        max(product_name) as product_name,
        max(category) as category,
        count(distinct order_id) as order_count,
        sum(quantity) as quantity,
        sum(amount) as amount
    from order_items
    group by 1

),

top_products as (

    select *
    from items_by_product
    order by order_count desc, product_id asc
    limit 5

),

final as (

    select
        row_number() over (order by order_count desc, product_id asc) as product_rank,
        product_id,

        product_name,
        category,

        order_count,
        quantity,
        cast(amount as {{ type_money() }}) as amount
    from top_products

)

select * from final
