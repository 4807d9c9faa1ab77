with

source as (

    select * from {{ ref('base_totesys__counterparties') }}

),

renamed as (

    select
        counterparty_id,
        legal_address_id,

        counterparty_legal_name,
        commercial_contact,
        delivery_contact,

        created_at,
        last_updated as last_updated_at

    from source

)

select * from renamed
