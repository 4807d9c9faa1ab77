with source as (

    select * from {{ source('raw_online_retail', 'invoice_lines') }}

),

renamed as (

    select
        {{ surrogate_key([
            'invoice_no', 'stock_code', 'description', 'quantity', 'invoice_date', 'unit_price', 'customer_id',
            'country',
        ]) }} as line_hash,
        invoice_no as invoice_number,
        {{ dbt.split_part('customer_id', "'.'", 1) }} as customer_number,
        upper(trim(stock_code)) as item_code,
        stock_code,

        nullif(trim(description), '') as description,
        country,

        quantity,
        cast(unit_price as {{ type_money(3) }}) as unit_price,
        cast(quantity * unit_price as {{ type_money(3) }}) as net_amount,

        cast(invoice_date as date) as invoice_date,
        invoice_date as invoiced_at_local
    from source

)

select * from renamed
