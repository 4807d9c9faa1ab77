with

source as (

    select * from {{ source('raw_totesys', 'department') }}

),

renamed as (

    select
        department_id,

        department_name,
        location,
        manager,

        created_at,
        last_updated as last_updated_at

    from source

)

select * from renamed
