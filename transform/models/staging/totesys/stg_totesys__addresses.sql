with

source as (

    select * from {{ ref('base_totesys__addresses') }}

),

renamed as (

    select
        address_id,

        address_line_1,
        address_line_2,
        district,
        city,
        postal_code,
        country,
        phone,

        created_at,
        last_updated as last_updated_at

    from source

)

select * from renamed
