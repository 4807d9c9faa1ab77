with

versions as (

    select * from {{ ref('stg_totesys__sales_order_versions') }}

),

numbered as (

    select
        sales_order_id,
        staff_id,
        counterparty_id,
        currency_id,
        design_id,
        agreed_delivery_location_id,

        units_sold,
        unit_price,

        agreed_payment_date,
        agreed_delivery_date,

        {{ version_columns('sales_order_id') }}

    from versions

)

select * from numbered
