with source as (

    select * from {{ source('raw_olist', 'product_category_name_translation') }}

),

renamed as (

    select
        product_category_name as product_category_portuguese,
        product_category_name_english as product_category_english
    from source

)

select * from renamed
