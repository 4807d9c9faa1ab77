with customers as (

    select * from {{ ref('retail_dim_customer') }}
    where order_count > 0

),

-- Fifths by rank: customers who are equal in a measure get the same score, however a server sorts them.
scored as (

    select
        customers.*,
        max(last_order_date) over () as as_of_date,
        1 + floor(5.0 * (rank() over (order by last_order_date) - 1) / count(*) over ()) as recency_score,
        1 + floor(5.0 * (rank() over (order by order_count) - 1) / count(*) over ()) as frequency_score,
        1 + floor(5.0 * (rank() over (order by net_amount) - 1) / count(*) over ()) as monetary_score
    from customers

),

final as (

    select
        customer_number,

        country,
        order_count,
        net_amount,
        cast(returned_amount / nullif(gross_amount, 0) as numeric(18, 6)) as returned_share,

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
