{{ config(materialized='table', indexes=[{'columns': ['order_id'], 'unique': true}]) }}

with orders as (

    select * from {{ ref('stg_olist__orders') }}

),

customers as (

    select * from {{ ref('stg_olist__customers') }}

),

joined as (

    select
        orders.*,
        customers.customer_unique_id,
        customers.zip_code_prefix,
        customers.city,
        customers.state
    from orders
    left join customers on orders.customer_id = customers.customer_id

),

-- Two orders of one second would leave their turn open: the order's key settles it.
compared as (

    select
        joined.*,
        lag(zip_code_prefix) over person as previous_zip_code_prefix,
        lag(city) over person as previous_city,
        lag(state) over person as previous_state,
        row_number() over person as order_number
    from joined
    window person as (partition by customer_unique_id order by purchased_at_local, order_id)

),

versioned as (

    select
        compared.*,
        sum(
            case
                when order_number = 1 then 1
                when zip_code_prefix is distinct from previous_zip_code_prefix then 1
                when city is distinct from previous_city then 1
                when state is distinct from previous_state then 1
                else 0
            end
        ) over (
            partition by customer_unique_id
            order by order_number
            rows between unbounded preceding and current row
        ) as version_number
    from compared

),

final as (

    select
        order_id,
        case
            when customer_unique_id is not null
                then {{ surrogate_key(['customer_unique_id', 'version_number']) }}
        end as customer_key,
        customer_unique_id,
        version_number,

        zip_code_prefix,
        city,
        state,

        order_status,

        purchase_date,
        purchased_at_local,
        approved_at_local,
        handed_to_carrier_at_local,
        delivered_at_local,
        estimated_delivery_date
    from versioned

)

select * from final
