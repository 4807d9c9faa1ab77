-- Fails with versions that a fact lacks, and with those that no snapshot knows.
with

sales_orders as (

    select
        'fact_sales_order' as fact,
        coalesce(facts.sales_order_id, versions.sales_order_id) as source_id,
        coalesce(facts._version, versions.version_number) as version_number
    from {{ ref('fact_sales_order') }} as facts
    full join {{ ref('int_trade__sales_orders_versioned') }} as versions
        on
            facts.sales_order_id = versions.sales_order_id
            and facts._version = versions.version_number
            and facts._is_latest = versions.is_latest
    where
        facts.sales_order_id is null
        or versions.sales_order_id is null

),

purchase_orders as (

    select
        'fact_purchase_orders' as fact,
        coalesce(facts.purchase_order_id, versions.purchase_order_id) as source_id,
        coalesce(facts._version, versions.version_number) as version_number
    from {{ ref('fact_purchase_orders') }} as facts
    full join {{ ref('int_trade__purchase_orders_versioned') }} as versions
        on
            facts.purchase_order_id = versions.purchase_order_id
            and facts._version = versions.version_number
            and facts._is_latest = versions.is_latest
    where
        facts.purchase_order_id is null
        or versions.purchase_order_id is null

),

payments as (

    select
        'fact_payment' as fact,
        coalesce(facts.payment_id, versions.payment_id) as source_id,
        coalesce(facts._version, versions.version_number) as version_number
    from {{ ref('fact_payment') }} as facts
    full join {{ ref('int_trade__payments_versioned') }} as versions
        on
            facts.payment_id = versions.payment_id
            and facts._version = versions.version_number
            and facts._is_latest = versions.is_latest
    where
        facts.payment_id is null
        or versions.payment_id is null

)

select * from sales_orders
union all
select * from purchase_orders
union all
select * from payments
