{{ config(materialized='table') }}

with orders as (

    select * from {{ ref('stg_storefront__orders') }}

),

customers as (

    select * from {{ ref('int_storefront__customers_judged') }}
    where reject_reason is null

),

faults as (

    select
        orders.*,
        case
            when orders.order_id is null then 'missing: order_id'
            when orders.customer_id is null then 'missing: customer_id'
            when orders.ordered_text is null then 'missing: ordered_at'
            when orders.order_date is null then 'invalid: ordered_at is no day'
        end as fault
    from orders

),

ranked as (

    select
        faults.*,
        {{ rank_of_duplicate('order_id') }}
    from faults

),

final as (

    select
        ranked.row_id,
        ranked.order_id,
        ranked.customer_id,

        coalesce(ranked.order_status, 'unknown') as order_status,
        coalesce(ranked.order_status in ('canceled', 'returned'), false) as is_canceled,

        ranked.order_date,

        coalesce(
            ranked.fault,
            {{ duplicate_reason('order_id') }},
            case
                when customers.customer_id is null then 'orphan: no customer ' || ranked.customer_id
            end
        ) as reject_reason
    from ranked
    left join customers on ranked.customer_id = customers.customer_id

)

select * from final
