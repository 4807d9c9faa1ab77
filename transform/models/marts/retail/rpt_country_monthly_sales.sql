with invoice_lines as (

    select * from {{ ref('fct_invoice_lines') }}

),

months as (

    select * from {{ ref('retail_rpt_monthly_sales') }}

),

lines_by_month as (

    select
        cast({{ dbt.date_trunc('month', 'invoice_date') }} as date) as month_start_date,
        country,

        count(distinct case when is_sale then invoice_number end) as order_count,
        count(distinct case when is_cancellation then invoice_number end) as cancellation_count,
        count(*) as line_count,

        sum(gross_amount) as gross_amount,
        sum(returned_amount) as returned_amount,
        sum(written_off_amount) as written_off_amount,
        sum(net_amount) as net_amount
    from invoice_lines
    group by 1, 2

),

final as (

    select
        lines_by_month.month_start_date,
        lines_by_month.country,

        months.is_complete,

        lines_by_month.order_count,
        lines_by_month.cancellation_count,
        lines_by_month.line_count,

        cast(lines_by_month.gross_amount as {{ type_money(3) }}) as gross_amount,
        cast(lines_by_month.returned_amount as {{ type_money(3) }}) as returned_amount,
        cast(lines_by_month.written_off_amount as {{ type_money(3) }}) as written_off_amount,
        cast(lines_by_month.net_amount as {{ type_money(3) }}) as net_amount
    from lines_by_month
    left join months on lines_by_month.month_start_date = months.month_start_date

)

select * from final
