with products as (

    select * from {{ ref('stg_olist__products') }}

),

translations as (

    select * from {{ ref('stg_olist__product_category_translations') }}

),

final as (

    select
        products.product_id,

        coalesce(
            translations.product_category_english,
            products.product_category_portuguese,
            'unknown'
        ) as category,
        products.product_category_portuguese as category_portuguese,

        products.product_name_length,
        products.product_description_length,
        products.product_photo_count,

        products.product_weight_g,
        products.product_length_cm,
        products.product_height_cm,
        products.product_width_cm
    from products
    left join translations
        on products.product_category_portuguese = translations.product_category_portuguese

)

select * from final
