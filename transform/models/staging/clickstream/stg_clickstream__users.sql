with

source as (

    select * from {{ source('raw_clickstream', 'users') }}

),

renamed as (

    select
        user_id,

        country,

        signed_up_at
    from source

)

select * from renamed
