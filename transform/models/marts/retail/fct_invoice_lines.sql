{{ config(**physical_layout(date_column='invoice_date', cluster_by=['customer_number'])) }}

with final as (

    select * from {{ ref('int_retail__invoice_lines_classified') }}

)

select * from final
-- A block range index is of use only where rows stand in the order of their dates.
order by invoice_date, customer_number
