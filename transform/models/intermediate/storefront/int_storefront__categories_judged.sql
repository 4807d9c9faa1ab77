{{ config(materialized='table') }}

with categories as (

    select * from {{ ref('stg_storefront__categories') }}

),

faults as (

    select
        categories.*,
        case
            when categories.category_id is null then 'missing: category_id'
            when categories.category is null then 'missing: name'
        end as fault
    from categories

),

ranked as (

    select
        faults.*,
        {{ rank_of_duplicate('category_id') }}
    from faults

),

final as (

    select
        ranked.row_id,
        ranked.category_id,

        ranked.category,

        coalesce(
            ranked.fault,
            {{ duplicate_reason('category_id', 'ranked') }}
        ) as reject_reason
    from ranked

)

select * from final
