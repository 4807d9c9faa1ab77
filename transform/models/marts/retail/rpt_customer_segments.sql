with customers as (

    select * from {{ ref('retail_dim_customer') }}
    where order_count > 0

),

ranked as (

    select
        *,
        max(last_order_date) over () as as_of_date,
        rank() over (order by last_order_date) - 1 as recency_rank,
        rank() over (order by order_count) - 1 as frequency_rank,
        rank() over (order by net_amount) - 1 as monetary_rank,
        count(*) over () as customer_count
    from customers

),

-- Fifths by rank: customers equal in a measure get the same score, however a server sorts them.
scored as (

    select
        *,
        1 + floor(5.0 * recency_rank / customer_count) as recency_score,
        1 + floor(5.0 * frequency_rank / customer_count) as frequency_score,
        1 + floor(5.0 * monetary_rank / customer_count) as monetary_score
    from ranked

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
