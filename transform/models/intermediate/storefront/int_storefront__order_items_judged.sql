{{ config(materialized='table') }}

with order_items as (

    select * from {{ ref('stg_storefront__order_items') }}

),

orders as (

    select * from {{ ref('int_storefront__orders_judged') }}
    where reject_reason is null

),

products as (

    select * from {{ ref('int_storefront__products_judged') }}
    where reject_reason is null

),

faults as (

    select
        order_items.*,
        case
            when order_item_id is null then 'missing: order_item_id'
            when order_id is null then 'missing: order_id'
            when product_id is null then 'missing: product_id'
            when quantity is null then 'missing: quantity'
            when quantity < 1 then 'invalid: quantity is below 1'
            when unit_price_text is not null and unit_price is null
                then 'invalid: unit_price is no amount'
            when unit_price < 0 then 'invalid: unit_price is negative'
        end as fault
    from order_items

),

ranked as (

    select
        faults.*,
        {{ rank_of_duplicate('order_item_id') }}
    from faults

),

joined as (

    select
        ranked.*,
        orders.customer_id,
        orders.is_canceled,
        orders.order_date,
        orders.order_id is null as is_without_order,
        products.category,
        products.product_name,
        products.product_id is null as is_without_product,
        coalesce(ranked.unit_price, products.list_price) as price,
        ranked.unit_price is null and products.list_price is not null as is_list_price
    from ranked
    left join orders on ranked.order_id = orders.order_id
    left join products on ranked.product_id = products.product_id

),

final as (

    select
        row_id,
        order_item_id,
        order_id,
        product_id,
        customer_id,

        product_name,
        category,
        is_canceled,
        is_list_price,

        quantity,
        cast(price as {{ type_money() }}) as unit_price,
        cast(quantity * price as {{ type_money() }}) as amount,

        order_date,

        coalesce(
            fault,
            {{ duplicate_reason('order_item_id', 'joined') }},
            case when is_without_order then 'orphan: no order ' || order_id end,
            case when is_without_product then 'orphan: no product ' || product_id end,
            case when price is null then 'missing: unit_price, and the product has no list_price' end
        ) as reject_reason
    from joined

)

select * from final
