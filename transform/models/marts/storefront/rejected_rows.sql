{%- set tables = {
    'customers': 'customer_id',
    'orders': 'order_id',
    'order_items': 'order_item_id',
    'products': 'product_id',
    'categories': 'category_id',
    'reviews': 'review_id',
} -%}

with judged as (

    {%- for table, key in tables.items() %}
    select
        cast('{{ table }}' as text) as source_table,
        cast(row_id as bigint) as row_id,
        {{ key }} as record_id,
        reject_reason
    from {{ ref('int_storefront__' ~ table ~ '_judged') }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}

),

final as (

    select
        source_table,
        row_id,
        record_id,

        split_part(reject_reason, ':', 1) as reject_kind,
        reject_reason
    from judged
    where reject_reason is not null

)

select * from final
