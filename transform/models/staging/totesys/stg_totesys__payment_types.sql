with

source as (

    select * from {{ source('raw_totesys', 'payment_type') }}

),

renamed as (

    select
        payment_type_id,

        payment_type_name,

        created_at,
        last_updated as last_updated_at

    from source

)

select * from renamed
