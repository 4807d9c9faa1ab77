with

facts as (

    select * from {{ ref('fact_sales_order') }}
    where _is_latest

),

reporting as (

    select * from {{ ref('fact_sales_order_reporting') }}

),

counterparties as (

    select * from {{ ref('dim_counterparty') }}

),

weeks as (

    select * from {{ ref('dim_date') }}

),

bounds as (

    select max(created_date) as last_created_date
    from facts

),

orders_by_week as (

    select
        weeks.week_start_date,
        facts.currency_id,
        facts.counterparty_id,

        max(reporting.currency_code) as currency_code,

        count(*) as order_count,
        sum(facts.units_sold) as unit_count,

        sum(reporting.sale_amount) as sale_amount,
        sum(reporting.reporting_sale_amount) as reporting_sale_amount,
        sum(case when reporting.reporting_sale_amount is null then 1 else 0 end)
            as unconverted_order_count
    from facts
    left join reporting on facts.sales_record_id = reporting.sales_record_id
    left join weeks on facts.created_date = weeks.date_id
    group by 1, 2, 3

),

final as (

    select
        orders_by_week.week_start_date,
        orders_by_week.currency_id,
        orders_by_week.counterparty_id,

        orders_by_week.currency_code,
        counterparties.counterparty_legal_name as counterparty_name,
        {{ dbt.dateadd('day', 6, 'orders_by_week.week_start_date') }} <= bounds.last_created_date
            as is_complete,

        orders_by_week.order_count,
        cast(orders_by_week.unit_count as bigint) as unit_count,

        cast(orders_by_week.sale_amount as {{ type_money() }}) as sale_amount,

        '{{ var("reporting_currency") }}' as reporting_currency_code,
        cast(coalesce(orders_by_week.reporting_sale_amount, 0) as {{ type_money() }})
            as reporting_sale_amount,
        orders_by_week.unconverted_order_count
    from orders_by_week
    left join counterparties
        on orders_by_week.counterparty_id = counterparties.counterparty_id
    cross join bounds

)

select * from final
