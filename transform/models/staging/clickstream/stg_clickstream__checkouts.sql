with

source as (

    select * from {{ source('raw_clickstream', 'checkouts') }}

),

renamed as (

    select
        checkout_id,
        user_id,
        product_id,

        quantity,
        cast(amount as {{ type_money() }}) as amount,

        checked_out_at,
        received_at
    from source

)

select * from renamed
