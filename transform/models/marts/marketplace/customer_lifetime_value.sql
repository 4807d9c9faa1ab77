with orders as (

    select * from {{ ref('fct_orders') }}

),

people as (

    select
        customer_unique_id,

        count(*) as order_count,
        sum(case when is_canceled then 1 else 0 end) as canceled_order_count,

        sum(total_sale_amount) as revenue,
        sum(case when is_canceled then total_sale_amount else 0 end) as canceled_revenue,

        min(purchase_date) as first_order_date,
        max(purchase_date) as last_order_date
    from orders
    where customer_unique_id is not null
    group by 1

),

-- Fifths by rank: people who are equal in a measure get the same score, however a server sorts them.
scored as (

    select
        people.*,
        max(last_order_date) over () as as_of_date,
        1 + floor(5.0 * (rank() over (order by last_order_date) - 1) / count(*) over ()) as recency_score,
        1 + floor(5.0 * (rank() over (order by order_count) - 1) / count(*) over ()) as frequency_score,
        1 + floor(5.0 * (rank() over (order by revenue) - 1) / count(*) over ()) as monetary_score
    from people

),

final as (

    select
        customer_unique_id,

        order_count,
        canceled_order_count,

        cast(revenue as {{ type_money() }}) as revenue,
        cast(canceled_revenue as {{ type_money() }}) as canceled_revenue,
        cast(revenue / order_count as {{ type_money() }}) as average_order_value,

        first_order_date,
        last_order_date,
        {{ dbt.datediff('last_order_date', 'as_of_date', 'day') }} as recency_days,

        cast(recency_score as integer) as recency_score,
        cast(frequency_score as integer) as frequency_score,
        cast(monetary_score as integer) as monetary_score,
        case
            when frequency_score >= 4 and recency_score >= 4 then 'champion'
            when frequency_score >= 4 and recency_score >= 3 then 'loyal'
            when frequency_score >= 4 then 'at risk'
            when recency_score >= 4 and monetary_score >= 4 then 'promising'
            when recency_score >= 4 then 'new'
            when recency_score >= 3 then 'needs attention'
            when monetary_score >= 4 then 'lost big spender'
            else 'lost'
        end as rfm_segment
    from scored

)

select * from final
