with order_items as (

    select * from {{ ref('fct_order_items') }}

),

products as (

    select * from {{ ref('dim_product') }}

),

items_by_product as (

    select
        product_id,

        count(*) as item_count,
        count(distinct order_id) as order_count,
        count(distinct seller_id) as seller_count,

        sum(price) as item_amount,
        sum(freight_value) as freight_amount,
        sum(total_sale_amount) as total_sale_amount,

        min(purchase_date) as first_sale_date,
        max(purchase_date) as last_sale_date
    from order_items
    group by 1

),

final as (

    select
        items_by_product.product_id,
        coalesce(products.category, 'unknown') as category,

        row_number() over (
            order by items_by_product.total_sale_amount desc, items_by_product.product_id
        ) as sales_rank,
        items_by_product.item_count,
        items_by_product.order_count,
        items_by_product.seller_count,

        cast(items_by_product.item_amount as {{ type_money() }}) as item_amount,
        cast(items_by_product.freight_amount as {{ type_money() }}) as freight_amount,
        cast(items_by_product.total_sale_amount as {{ type_money() }}) as total_sale_amount,
        cast(items_by_product.item_amount / items_by_product.item_count as {{ type_money() }})
            as average_price,

        items_by_product.first_sale_date,
        items_by_product.last_sale_date
    from items_by_product
    left join products on items_by_product.product_id = products.product_id

)

select * from final
