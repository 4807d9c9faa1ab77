{{
    config(
        materialized='incremental',
        unique_key='line_key',
        post_hook="{{ delete_rows_missing_from(
            ref('int_retail__invoice_lines_classified'), ['line_key']
        ) }}",
        **physical_layout(date_column='invoice_date', cluster_by=['customer_number'])
    )
}}

with final as (

    select * from {{ ref('int_retail__invoice_lines_classified') }}

)

{{ changed_rows('final') }}
-- A block range index needs rows in the order of their dates.
order by invoice_date, customer_number
