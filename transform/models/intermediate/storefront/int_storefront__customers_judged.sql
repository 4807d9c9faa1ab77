{{ config(materialized='table') }}

with customers as (

    select * from {{ ref('stg_storefront__customers') }}

),

countries as (

    select * from {{ ref('country_aliases') }}

),

faults as (

    select
        customers.*,
        case when customers.customer_id is null then 'missing: customer_id' end as fault
    from customers

),

ranked as (

    select
        faults.*,
        {{ rank_of_duplicate('customer_id') }}
    from faults

),

final as (

    select
        ranked.row_id,
        ranked.customer_id,

        coalesce(ranked.name, 'Unknown') as name, -- noqa: RF04
        ranked.email,
        coalesce(countries.country, initcap(ranked.country), 'Unknown') as country,

        ranked.registered_date,

        coalesce(
            ranked.fault,
            {{ duplicate_reason('customer_id') }}
        ) as reject_reason
    from ranked
    left join countries on lower(ranked.country) = countries.spelling

)

select * from final
