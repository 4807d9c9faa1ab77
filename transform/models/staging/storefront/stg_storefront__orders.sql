with source as (

    {{ alive_rows('raw_storefront', 'orders') }}

),

renamed as (

    select
        row_id,
        {{ clean_key('order_id') }} as order_id,
        {{ clean_key('customer_id') }} as customer_id,

        replace(lower({{ clean_text('status') }}), 'cancelled', 'canceled') as order_status,

        {{ clean_text('ordered_at') }} as ordered_text,
        {{ read_date('trim(ordered_at)') }} as order_date,
        updated_at
    from source

)

select * from renamed
