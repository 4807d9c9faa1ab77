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

bounds as (

    select
        min(order_date) as first_order_date,
        max(order_date) as last_order_date
    from order_items

),

-- A month in which nothing was sold belongs to the trend.
months as (

    select distinct
        dates.month_start_date,
        dates.month_end_date <= bounds.last_order_date as is_complete
    from dates
    inner join bounds
        on
            dates.month_end_date >= bounds.first_order_date
            and dates.month_start_date <= bounds.last_order_date

),

joined as (

    select
        months.month_start_date,
        months.is_complete,

        coalesce(items_by_month.order_count, 0) as order_count,
        coalesce(items_by_month.quantity, 0) as quantity,
        cast(coalesce(items_by_month.amount, 0) as {{ type_money() }}) as amount
    from months
    left join items_by_month on months.month_start_date = items_by_month.month_start_date

),

final as (

    select
        month_start_date,
        is_complete,

        order_count,
        quantity,
        amount,
        cast(
            amount - lag(amount) over (order by month_start_date) as {{ type_money() }}
        ) as amount_change
    from joined

)

select * from final
