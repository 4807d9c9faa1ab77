with people as (

    select * from {{ ref('customer_lifetime_value') }}

),

segments as (

    {{ rfm_segment_rows() }}

),

people_by_segment as (

    select
        rfm_segment,

        count(*) as customer_count,
        sum(order_count) as order_count,

        sum(revenue) as revenue,
        avg(recency_days) as average_recency_days
    from people
    group by 1

),

final as (

    select
        segments.rfm_segment,

        segments.segment_rank,
        coalesce(people_by_segment.customer_count, 0) as customer_count,
        cast(coalesce(people_by_segment.order_count, 0) as bigint) as order_count,

        cast(coalesce(people_by_segment.revenue, 0) as {{ type_money() }}) as revenue,
        cast(people_by_segment.revenue / people_by_segment.order_count as {{ type_money() }})
            as average_order_value,
        cast(people_by_segment.average_recency_days as numeric(9, 2)) as average_recency_days,

        cast(
            1.0 * coalesce(people_by_segment.customer_count, 0)
            / nullif(sum(people_by_segment.customer_count) over (), 0) as numeric(9, 8)
        ) as customer_share,
        cast(
            coalesce(people_by_segment.revenue, 0)
            / nullif(sum(people_by_segment.revenue) over (), 0) as numeric(9, 8)
        ) as revenue_share
    from segments
    left join people_by_segment on segments.rfm_segment = people_by_segment.rfm_segment

)

select * from final
