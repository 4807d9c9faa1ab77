with

source as (

    select * from {{ source('raw_clickstream', 'clicks') }}

),

renamed as (

    select
        click_id,
        user_id,
        product_id,

        channel,

        clicked_at,
        received_at
    from source

)

select * from renamed
