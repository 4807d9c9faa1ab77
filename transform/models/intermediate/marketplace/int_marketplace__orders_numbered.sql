with orders as (

    select * from {{ ref('fct_orders') }}
    where customer_unique_id is not null

),

numbered as (

    select
        *,
        row_number() over (
            partition by customer_unique_id
            order by purchased_at_local, order_id
        ) as customer_order_number,
        min(purchase_date) over (partition by customer_unique_id) as first_purchase_date
    from orders

),

final as (

    select
        order_id,
        customer_unique_id,

        customer_order_number,
        customer_order_number > 1 as is_repeat,

        total_sale_amount,

        cast({{ dbt.date_trunc('month', 'first_purchase_date') }} as date)
            as cohort_month_start_date,
        cast({{ dbt.date_trunc('month', 'purchase_date') }} as date) as month_start_date,
        cast({{ dbt.datediff('first_purchase_date', 'purchase_date', 'month') }} as integer)
            as months_since
    from numbered

)

select * from final
