with

source as (

    select * from {{ ref('base_totesys__currencies') }}

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
