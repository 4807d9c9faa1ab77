with source as (

    select * from {{ source('raw_olist', 'orders') }}

),

renamed as (

    select
        order_id,
        customer_id,

        order_status,

        cast(order_purchase_timestamp as date) as purchase_date,
        order_purchase_timestamp as purchased_at_local,
        order_approved_at as approved_at_local,
        order_delivered_carrier_date as handed_to_carrier_at_local,
        order_delivered_customer_date as delivered_at_local,
        cast(order_estimated_delivery_date as date) as estimated_delivery_date
    from source

)

select * from renamed
