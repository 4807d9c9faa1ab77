{{ config(alias='rpt_rfm_segments') }}

with customers as (

    select * from {{ ref('rpt_customer_segments') }}

),

segments as (

    {{ rfm_segment_rows() }}

),

customers_by_segment as (

    select
        rfm_segment,

        count(*) as customer_count,
        sum(order_count) as order_count,

        sum(net_amount) as net_amount,
        avg(recency_days) as average_recency_days
    from customers
    group by 1

),

final as (

    select
        segments.rfm_segment,

        segments.segment_rank,
        coalesce(customers_by_segment.customer_count, 0) as customer_count,
        cast(coalesce(customers_by_segment.order_count, 0) as bigint) as order_count,

        cast(coalesce(customers_by_segment.net_amount, 0) as {{ type_money(3) }}) as net_amount,
        cast(customers_by_segment.average_recency_days as numeric(9, 2)) as average_recency_days,

        cast(
            1.0 * coalesce(customers_by_segment.customer_count, 0)
            / nullif(sum(customers_by_segment.customer_count) over (), 0) as numeric(9, 8)
        ) as customer_share,
        cast(
            coalesce(customers_by_segment.net_amount, 0)
            / nullif(sum(customers_by_segment.net_amount) over (), 0) as numeric(18, 8)
        ) as net_share
    from segments
    left join customers_by_segment on segments.rfm_segment = customers_by_segment.rfm_segment

)

select * from final
