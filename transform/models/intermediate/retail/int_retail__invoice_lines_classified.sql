with invoice_lines as (

    select * from {{ ref('stg_online_retail__invoice_lines') }}

),

item_kinds as (

    select * from {{ ref('retail_item_kinds') }}

),

classified as (

    select
        invoice_lines.*,
        coalesce(item_kinds.item_kind, 'goods') as item_kind,

        case
            when invoice_lines.invoice_number like 'C%' then 'cancellation'
            when invoice_lines.invoice_number like 'A%' then 'adjustment'
            when invoice_lines.unit_price = 0 and invoice_lines.quantity < 0 then 'written off'
            when invoice_lines.unit_price = 0 then 'free'
            else 'sale'
        end as line_kind
    from invoice_lines
    left join item_kinds on invoice_lines.item_code = item_kinds.item_code

),

final as (

    select
        -- Identical lines differ in nothing, so it does not matter which of them is the first.
        line_hash || '-' || cast(
            row_number() over (partition by line_hash order by line_hash) as {{ dbt.type_string() }}
        ) as line_key,
        invoice_number,
        customer_number,
        item_code,

        description,
        item_kind,
        country,

        line_kind,
        line_kind = 'sale' as is_sale,
        line_kind = 'cancellation' as is_cancellation,
        line_kind = 'cancellation' and item_kind = 'goods' as is_return,
        line_kind = 'adjustment' as is_adjustment,
        customer_number is null as is_anonymous,

        quantity,
        unit_price,
        cast(case when net_amount > 0 then net_amount else 0 end as {{ type_money(3) }})
            as gross_amount,
        cast(
            case when line_kind = 'cancellation' then -net_amount else 0 end as {{ type_money(3) }}
        ) as returned_amount,
        cast(
            case when line_kind <> 'cancellation' and net_amount < 0 then -net_amount else 0 end
            as {{ type_money(3) }}
        ) as written_off_amount,
        net_amount,

        invoice_date,
        invoiced_at_local
    from classified

)

select * from final
