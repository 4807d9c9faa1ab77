with

source as (

    select * from {{ ref('base_totesys__payment_types') }}

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
