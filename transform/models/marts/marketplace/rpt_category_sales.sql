with order_items as (

    select * from {{ ref('fct_order_items') }}

),

products as (

    select * from {{ ref('dim_product') }}

),

items_by_category as (

    select
        coalesce(products.category, 'unknown') as category,

        count(*) as item_count,
        count(distinct order_items.order_id) as order_count,
        count(distinct order_items.product_id) as product_count,

        sum(order_items.price) as item_amount,
        sum(order_items.freight_value) as freight_amount,
        sum(order_items.total_sale_amount) as total_sale_amount
    from order_items
    left join products on order_items.product_id = products.product_id
    group by 1

),

final as (

    select
        category,

        row_number() over (order by total_sale_amount desc, category) as sales_rank,
        item_count,
        order_count,
        product_count,

        cast(item_amount as {{ type_money() }}) as item_amount,
        cast(freight_amount as {{ type_money() }}) as freight_amount,
        cast(total_sale_amount as {{ type_money() }}) as total_sale_amount,
        cast(item_amount / item_count as {{ type_money() }}) as average_price,
        cast(
            total_sale_amount / nullif(sum(total_sale_amount) over (), 0) as numeric(9, 8)
        ) as share_of_sales
    from items_by_category

)

select * from final
