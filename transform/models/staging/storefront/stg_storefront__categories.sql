with source as (

    {{ alive_rows('raw_storefront', 'categories') }}

),

renamed as (

    select
        row_id,
        {{ clean_key('category_id') }} as category_id,

        initcap({{ clean_text('name') }}) as category,

        updated_at
    from source

)

select * from renamed
