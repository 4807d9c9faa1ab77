{{ config(enabled=var('with_plain_twin')) }}

with invoice_lines as (

    select * from {{ ref('fct_invoice_lines') }}

),

final as (

    select
        line_key,
        invoice_number,
        customer_number,
        item_code,

        description,
        item_kind,
        country,

        line_kind,
        is_sale,
        is_cancellation,
        is_return,
        is_adjustment,
        is_anonymous,

        quantity,
        unit_price,
        gross_amount,
        returned_amount,
        written_off_amount,
        net_amount,

        invoice_date,
        invoiced_at_local
    from invoice_lines

)

select * from final
-- Neither by date nor by customer, as rows stand that nobody laid out.
order by line_key
