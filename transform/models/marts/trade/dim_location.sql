with

addresses as (

    select * from {{ ref('stg_totesys__addresses') }}

),

final as (

    select
        address_id as location_id,
        address_line_1,
        address_line_2,
        district,
        city,
        postal_code,
        country,
        phone
    from addresses

)

select * from final
