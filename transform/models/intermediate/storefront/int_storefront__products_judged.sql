{{ config(materialized='table') }}

with products as (

    select * from {{ ref('stg_storefront__products') }}

),

categories as (

    select * from {{ ref('int_storefront__categories_judged') }}
    where reject_reason is null

),

faults as (

    select
        products.*,
        case
            when products.product_id is null then 'missing: product_id'
            when products.list_price < 0 then 'invalid: list_price is negative'
        end as fault
    from products

),

ranked as (

    select
        faults.*,
        {{ rank_of_duplicate('product_id') }}
    from faults

),

final as (

    select
        ranked.row_id,
        ranked.product_id,

        coalesce(ranked.product_name, 'Unknown') as product_name,
        coalesce(categories.category, 'Unknown') as category,
        ranked.list_price,

        coalesce(
            ranked.fault,
            {{ duplicate_reason('product_id') }}
        ) as reject_reason
    from ranked
    left join categories on ranked.category_id = categories.category_id

)

select * from final
