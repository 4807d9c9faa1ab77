with

source as (

    select * from {{ ref('base_totesys__designs') }}

),

renamed as (

    select
        design_id,

        design_name,
        file_location,
        file_name,

        created_at,
        last_updated as last_updated_at

    from source

)

select * from renamed
