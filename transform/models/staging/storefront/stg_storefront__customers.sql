with source as (

    {{ alive_rows('raw_storefront', 'customers') }}

),

renamed as (

    select
        row_id,
        {{ clean_key('customer_id') }} as customer_id,

        initcap({{ clean_text('name') }}) as name,
        lower({{ clean_text('email') }}) as email,
        {{ clean_text('country') }} as country,

        {{ read_date('trim(registered_at)') }} as registered_date,
        updated_at
    from source

)

select * from renamed
