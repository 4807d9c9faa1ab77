with

source as (

    select * from {{ ref('base_totesys__transactions') }}

),

renamed as (

    select
        transaction_id,
        sales_order_id,
        purchase_order_id,

        transaction_type,

        created_at,
        last_updated as last_updated_at

    from source

)

select * from renamed
