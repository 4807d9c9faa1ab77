{{ config(enabled=var('with_plain_twin')) }}

with final as (

    select * from {{ ref('fct_invoice_lines') }}

)

select * from final
-- Neither by date nor by customer, as rows stand that nobody laid out.
order by line_key
