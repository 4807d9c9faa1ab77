with source as (

    {{ alive_rows('raw_storefront', 'order_items') }}

),

renamed as (

    select
        row_id,
        {{ clean_key('order_item_id') }} as order_item_id,
        {{ clean_key('order_id') }} as order_id,
        {{ clean_key('product_id') }} as product_id,

        cast(quantity as integer) as quantity,
        {{ clean_text('unit_price') }} as unit_price_text,
        {{ read_amount(clean_text('unit_price')) }} as unit_price,

        updated_at
    from source

)

select * from renamed
