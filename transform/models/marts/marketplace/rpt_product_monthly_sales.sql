with order_items as (

    select * from {{ ref('fct_order_items') }}

),

products as (

    select * from {{ ref('dim_product') }}

),

months as (

    select * from {{ ref('rpt_monthly_sales') }}

),

items_by_month as (

    select
        cast({{ dbt.date_trunc('month', 'purchase_date') }} as date) as month_start_date,
        product_id,

        count(*) as item_count,
        count(distinct order_id) as order_count,

        sum(price) as item_amount,
        sum(freight_value) as freight_amount,
        sum(total_sale_amount) as total_sale_amount
    from order_items
    group by 1, 2

),

final as (

    select
        items_by_month.month_start_date,
        items_by_month.product_id,

        coalesce(products.category, 'unknown') as category,
        months.is_complete,

        items_by_month.item_count,
        items_by_month.order_count,

        cast(items_by_month.item_amount as {{ type_money() }}) as item_amount,
        cast(items_by_month.freight_amount as {{ type_money() }}) as freight_amount,
        cast(items_by_month.total_sale_amount as {{ type_money() }}) as total_sale_amount
    from items_by_month
    left join products on items_by_month.product_id = products.product_id
    left join months on items_by_month.month_start_date = months.month_start_date

)

select * from final
