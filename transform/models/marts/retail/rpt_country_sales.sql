with invoice_lines as (

    select * from {{ ref('fct_invoice_lines') }}

),

countries as (

    select
        country,

        count(distinct customer_number) as customer_count,
        count(distinct case when is_sale then invoice_number end) as order_count,
        count(distinct case when is_cancellation then invoice_number end) as cancellation_count,
        count(*) as line_count,

        sum(gross_amount) as gross_amount,
        sum(returned_amount) as returned_amount,
        sum(written_off_amount) as written_off_amount,
        sum(net_amount) as net_amount
    from invoice_lines
    group by 1

),

final as (

    select
        country,

        customer_count,
        order_count,
        cancellation_count,
        line_count,

        cast(gross_amount as {{ type_money(3) }}) as gross_amount,
        cast(returned_amount as {{ type_money(3) }}) as returned_amount,
        cast(written_off_amount as {{ type_money(3) }}) as written_off_amount,
        cast(net_amount as {{ type_money(3) }}) as net_amount,
        cast(gross_amount / nullif(sum(gross_amount) over (), 0) as numeric(9, 6)) as gross_share
    from countries

)

select * from final
