with

source as (

    select * from {{ source('raw_totesys', 'currency') }}

),

renamed as (

    select
        currency_id,

        currency_code,

        created_at,
        last_updated as last_updated_at

    from source

)

select * from renamed
