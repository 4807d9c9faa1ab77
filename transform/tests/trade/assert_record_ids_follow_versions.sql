-- The latest version has the highest record id, for those who read the published columns alone.
with

records as (

    select
        'fact_sales_order' as fact,
        sales_order_id as source_id,
        sales_record_id as record_id,
        _version
    from {{ ref('fact_sales_order') }}

    union all

    select
        'fact_purchase_orders' as fact,
        purchase_order_id as source_id,
        purchase_record_id as record_id,
        _version
    from {{ ref('fact_purchase_orders') }}

    union all

    select
        'fact_payment' as fact,
        payment_id as source_id,
        payment_record_id as record_id,
        _version
    from {{ ref('fact_payment') }}

),

ordered as (

    select
        *,
        row_number() over (partition by fact, source_id order by record_id) as version_by_record_id
    from records

)

select * from ordered
where _version <> version_by_record_id
