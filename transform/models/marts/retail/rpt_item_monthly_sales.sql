with invoice_lines as (

    select * from {{ ref('fct_invoice_lines') }}

),

items as (

    select * from {{ ref('dim_stock_item') }}

),

months as (

    select * from {{ ref('retail_rpt_monthly_sales') }}

),

lines_by_month as (

    select
        cast({{ dbt.date_trunc('month', 'invoice_date') }} as date) as month_start_date,
        item_code,

        count(distinct case when is_sale then invoice_number end) as order_count,
        count(*) as line_count,
        sum(case when is_sale then quantity else 0 end) as sold_quantity,
        sum(case when is_cancellation then -quantity else 0 end) as returned_quantity,

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
        lines_by_month.item_code,

        items.description,
        items.item_kind,
        months.is_complete,

        lines_by_month.order_count,
        lines_by_month.line_count,
        cast(lines_by_month.sold_quantity as bigint) as sold_quantity,
        cast(lines_by_month.returned_quantity as bigint) as returned_quantity,

        cast(lines_by_month.gross_amount as {{ type_money(3) }}) as gross_amount,
        cast(lines_by_month.returned_amount as {{ type_money(3) }}) as returned_amount,
        cast(lines_by_month.written_off_amount as {{ type_money(3) }}) as written_off_amount,
        cast(lines_by_month.net_amount as {{ type_money(3) }}) as net_amount
    from lines_by_month
    left join items on lines_by_month.item_code = items.item_code
    left join months on lines_by_month.month_start_date = months.month_start_date

)

select * from final
