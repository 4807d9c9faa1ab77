with source as (

    {{ alive_rows('raw_storefront', 'reviews') }}

),

renamed as (

    select
        row_id,
        {{ clean_key('review_id') }} as review_id,
        {{ clean_key('product_id') }} as product_id,
        {{ clean_key('customer_id') }} as customer_id,

        {{ clean_text('rating') }} as rating_text,
        {{ read_rating(clean_text('rating')) }} as rating,

        {{ read_date('trim(reviewed_at)') }} as review_date,
        updated_at
    from source

)

select * from renamed
