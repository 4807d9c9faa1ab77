with orders as (

    select * from {{ ref('int_marketplace__orders_numbered') }}

),

months as (

    select * from {{ ref('rpt_monthly_sales') }}

),

cohorts as (

    select
        cohort_month_start_date,
        count(*) as cohort_customer_count
    from orders
    where customer_order_number = 1
    group by 1

),

orders_by_month as (

    select
        cohort_month_start_date,
        month_start_date,

        count(distinct customer_unique_id) as customer_count,
        count(distinct case when is_repeat then customer_unique_id end) as repeat_customer_count,
        sum(case when customer_order_number = 2 then 1 else 0 end) as new_repeat_customer_count,
        count(*) as order_count,

        sum(total_sale_amount) as revenue
    from orders
    group by 1, 2

),

-- A month in which nobody of the cohort came back belongs to its curve.
filled as (

    select
        cohorts.cohort_month_start_date,
        months.month_start_date,

        months.is_complete,
        cohorts.cohort_customer_count,

        coalesce(orders_by_month.customer_count, 0) as customer_count,
        coalesce(orders_by_month.repeat_customer_count, 0) as repeat_customer_count,
        sum(orders_by_month.new_repeat_customer_count) over (
            partition by cohorts.cohort_month_start_date
            order by months.month_start_date
            rows between unbounded preceding and current row
        ) as cumulative_repeat_customer_count,
        coalesce(orders_by_month.order_count, 0) as order_count,

        coalesce(orders_by_month.revenue, 0) as revenue
    from cohorts
    inner join months on cohorts.cohort_month_start_date <= months.month_start_date
    left join orders_by_month
        on
            cohorts.cohort_month_start_date = orders_by_month.cohort_month_start_date
            and months.month_start_date = orders_by_month.month_start_date

),

final as (

    select
        cohort_month_start_date,
        cast({{ dbt.datediff('cohort_month_start_date', 'month_start_date', 'month') }} as integer)
            as months_since,

        is_complete,

        cohort_customer_count,
        customer_count,
        repeat_customer_count,
        cast(cumulative_repeat_customer_count as bigint) as cumulative_repeat_customer_count,
        order_count,

        cast(revenue as {{ type_money() }}) as revenue,

        cast(1.0 * customer_count / cohort_customer_count as numeric(9, 8)) as retention_share,
        cast(1.0 * cumulative_repeat_customer_count / cohort_customer_count as numeric(9, 8))
            as cumulative_repeat_share,

        month_start_date
    from filled

)

select * from final
