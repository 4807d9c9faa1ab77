with invoice_lines as (

    select * from {{ ref('fct_invoice_lines') }}

),

descriptions as (

    select * from {{ ref('dim_stock_item_description') }}
    where is_current

),

items as (

    select
        item_code,
        min(item_kind) as item_kind,

        count(*) as line_count,
        count(distinct description) as description_count,

        min(case when is_sale then unit_price end) as lowest_unit_price,
        max(case when is_sale then unit_price end) as highest_unit_price,

        min(invoice_date) as first_seen_date,
        max(invoice_date) as last_seen_date
    from invoice_lines
    group by 1

),

final as (

    select
        items.item_code,

        descriptions.description,
        items.item_kind,

        items.line_count,
        items.description_count,

        cast(items.lowest_unit_price as {{ type_money(3) }}) as lowest_unit_price,
        cast(items.highest_unit_price as {{ type_money(3) }}) as highest_unit_price,

        items.first_seen_date,
        items.last_seen_date
    from items
    left join descriptions on items.item_code = descriptions.item_code

)

select * from final
