with

source as (

    select * from {{ ref('base_totesys__departments') }}

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
