with order_items as (

    select * from {{ ref('int_storefront__order_items_judged') }}
    where reject_reason is null and not is_canceled

),

dates as (

    select * from {{ ref('dim_date') }}

),

items_by_month as (

    select
        cast(date_trunc('month', order_date) as date) as month_start_date,
        count(distinct order_id) as order_count,
        sum(quantity) as quantity,
        sum(amount) as amount
    from order_items
    group by 1

),

-- A month in which nothing was sold belongs to the trend.
months as (

    select distinct dates.month_start_date
    from dates
    inner join (
        select
            min(month_start_date) as first_month,
            max(month_start_date) as last_month
        from items_by_month
    ) as bounds
        on dates.month_start_date between bounds.first_month and bounds.last_month

),

joined as (

    select
        months.month_start_date,

        coalesce(items_by_month.order_count, 0) as order_count,
        coalesce(items_by_month.quantity, 0) as quantity,
        cast(coalesce(items_by_month.amount, 0) as {{ type_money() }}) as amount
    from months
    left join items_by_month on months.month_start_date = items_by_month.month_start_date

),

final as (

    select
        month_start_date,

        order_count,
        quantity,
        amount,
        cast(
            amount - lag(amount) over (order by month_start_date) as {{ type_money() }}
        ) as amount_change
    from joined

)

select * from final
