{{ config(alias='rpt_monthly_sales') }}

with invoice_lines as (

    select * from {{ ref('fct_invoice_lines') }}

),

dates as (

    select * from {{ ref('dim_date') }}

),

bounds as (

    select
        min(invoice_date) as first_invoice_date,
        max(invoice_date) as last_invoice_date
    from invoice_lines

),

months as (

    select distinct
        dates.month_start_date,
        dates.month_end_date <= bounds.last_invoice_date as is_complete
    from dates
    inner join bounds
        on
            dates.month_end_date >= bounds.first_invoice_date
            and dates.month_start_date <= bounds.last_invoice_date

),

lines_by_month as (

    select
        dates.month_start_date,

        count(distinct case when invoice_lines.is_sale then invoice_lines.invoice_number end)
            as order_count,
        count(distinct case when invoice_lines.is_cancellation then invoice_lines.invoice_number end)
            as cancellation_count,
        count(distinct case when invoice_lines.is_sale then invoice_lines.customer_number end)
            as customer_count,
        count(*) as line_count,
        sum(case when invoice_lines.is_sale then invoice_lines.quantity else 0 end) as sold_quantity,

        sum(invoice_lines.gross_amount) as gross_amount,
        sum(invoice_lines.returned_amount) as returned_amount,
        sum(invoice_lines.written_off_amount) as written_off_amount,
        sum(invoice_lines.net_amount) as net_amount,
        sum(case when invoice_lines.is_anonymous then invoice_lines.net_amount else 0 end)
            as anonymous_net_amount
    from invoice_lines
    inner join dates on invoice_lines.invoice_date = dates.date_id
    group by 1

),

final as (

    select
        months.month_start_date,
        months.is_complete,

        coalesce(lines_by_month.order_count, 0) as order_count,
        coalesce(lines_by_month.cancellation_count, 0) as cancellation_count,
        coalesce(lines_by_month.customer_count, 0) as customer_count,
        coalesce(lines_by_month.line_count, 0) as line_count,
        cast(coalesce(lines_by_month.sold_quantity, 0) as bigint) as sold_quantity,

        cast(coalesce(lines_by_month.gross_amount, 0) as {{ type_money(3) }}) as gross_amount,
        cast(coalesce(lines_by_month.returned_amount, 0) as {{ type_money(3) }}) as returned_amount,
        cast(coalesce(lines_by_month.written_off_amount, 0) as {{ type_money(3) }})
            as written_off_amount,
        cast(coalesce(lines_by_month.net_amount, 0) as {{ type_money(3) }}) as net_amount,
        cast(coalesce(lines_by_month.anonymous_net_amount, 0) as {{ type_money(3) }})
            as anonymous_net_amount
    from months
    left join lines_by_month on months.month_start_date = lines_by_month.month_start_date

)

select * from final
