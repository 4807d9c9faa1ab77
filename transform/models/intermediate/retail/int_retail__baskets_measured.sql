with invoice_lines as (

    select * from {{ ref('fct_invoice_lines') }}
    where is_sale and item_kind = 'goods'

),

baskets as (

    select
        invoice_number,

        count(distinct item_code) as item_count,
        count(*) as line_count,
        sum(quantity) as sold_quantity,

        sum(gross_amount) as gross_amount,

        min(invoice_date) as invoice_date
    from invoice_lines
    group by 1

),

final as (

    select
        invoice_number,

        case
            when item_count = 1 then '1'
            when item_count <= 5 then '2-5'
            when item_count <= 10 then '6-10'
            when item_count <= 20 then '11-20'
            when item_count <= 50 then '21-50'
            else '51+'
        end as size_band,
        case
            when item_count = 1 then 1
            when item_count <= 5 then 2
            when item_count <= 10 then 3
            when item_count <= 20 then 4
            when item_count <= 50 then 5
            else 6
        end as band_rank,

        item_count,
        line_count,
        sold_quantity,

        cast(gross_amount as {{ type_money(3) }}) as gross_amount,

        cast({{ dbt.date_trunc('month', 'invoice_date') }} as date) as month_start_date,
        invoice_date
    from baskets

)

select * from final
