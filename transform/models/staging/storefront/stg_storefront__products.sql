with source as (

    {{ alive_rows('raw_storefront', 'products') }}

),

renamed as (

    select
        row_id,
        {{ clean_key('product_id') }} as product_id,
        {{ clean_key('category_id') }} as category_id,

        {{ clean_text('name') }} as product_name,
        list_price,

        updated_at
    from source

)

select * from renamed
