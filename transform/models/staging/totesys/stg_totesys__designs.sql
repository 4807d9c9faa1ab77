with

source as (

    select * from {{ source('raw_totesys', 'design') }}

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
