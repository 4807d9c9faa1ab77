with

source as (

    select * from {{ ref('base_totesys__staff') }}

),

renamed as (

    select
        staff_id,
        department_id,

        first_name,
        last_name,
        email_address,

        created_at,
        last_updated as last_updated_at

    from source

)

select * from renamed
