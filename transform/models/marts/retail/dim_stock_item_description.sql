with invoice_lines as (

    select * from {{ ref('fct_invoice_lines') }}

),

descriptions as (

    select
        item_code,
        description,
        count(*) as line_count,
        sum(case when unit_price > 0 then 1 else 0 end) as priced_line_count,
        min(invoice_date) as first_seen_date,
        max(invoice_date) as last_seen_date,
        max(case when unit_price > 0 then invoiced_at_local end) as last_priced_at_local,
        max(invoiced_at_local) as last_seen_at_local
    from invoice_lines
    where description is not null
    group by 1, 2

),

-- What is sold is described; a line without a price may say instead why stock was written off.
ranked as (

    select
        descriptions.*,
        row_number() over (
            partition by descriptions.item_code
            order by
                descriptions.last_priced_at_local desc nulls last,
                descriptions.last_seen_at_local desc,
                descriptions.line_count desc,
                descriptions.description asc
        ) as place
    from descriptions

),

final as (

    select
        item_code,
        description,

        place = 1 as is_current,
        priced_line_count = 0 as is_remark,

        line_count,
        first_seen_date,
        last_seen_date
    from ranked

)

select * from final
