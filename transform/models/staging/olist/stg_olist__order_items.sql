with source as (

    select * from {{ source('raw_olist', 'order_items') }}

),

renamed as (

    select
        order_id,
        order_item_id,
        product_id,
        seller_id,

        cast(price as {{ type_money() }}) as price,
        cast(freight_value as {{ type_money() }}) as freight_value,

        shipping_limit_date as shipping_limit_at_local
    from source

)

select * from renamed
