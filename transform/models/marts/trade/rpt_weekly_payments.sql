with

facts as (

    select * from {{ ref('fact_payment') }}
    where _is_latest

),

reporting as (

    select * from {{ ref('fact_payment_reporting') }}

),

counterparties as (

    select * from {{ ref('dim_counterparty') }}

),

payment_types as (

    select * from {{ ref('dim_payment_type') }}

),

weeks as (

    select * from {{ ref('dim_date') }}

),

bounds as (

    select max(last_updated_date) as last_updated_date
    from facts

),

payments_by_week as (

    select
        weeks.week_start_date,
        facts.currency_id,
        facts.counterparty_id,
        facts.payment_type_id,
        facts.paid as is_paid,

        max(reporting.currency_code) as currency_code,

        count(*) as payment_count,

        sum(reporting.payment_amount) as payment_amount,
        sum(reporting.reporting_payment_amount) as reporting_payment_amount,
        sum(case when reporting.reporting_payment_amount is null then 1 else 0 end)
            as unconverted_payment_count
    from facts
    left join reporting on facts.payment_record_id = reporting.payment_record_id
    left join weeks on facts.payment_date = weeks.date_id
    group by 1, 2, 3, 4, 5

),

final as (

    select
        payments_by_week.week_start_date,
        payments_by_week.currency_id,
        payments_by_week.counterparty_id,
        payments_by_week.payment_type_id,

        payments_by_week.currency_code,
        counterparties.counterparty_legal_name as counterparty_name,
        payment_types.payment_type_name,
        payments_by_week.is_paid,
        {{ dbt.dateadd('day', 6, 'payments_by_week.week_start_date') }} <= bounds.last_updated_date
            as is_complete,

        payments_by_week.payment_count,

        cast(payments_by_week.payment_amount as {{ type_money() }}) as payment_amount,

        '{{ var("reporting_currency") }}' as reporting_currency_code,
        cast(coalesce(payments_by_week.reporting_payment_amount, 0) as {{ type_money() }})
            as reporting_payment_amount,
        payments_by_week.unconverted_payment_count
    from payments_by_week
    left join counterparties
        on payments_by_week.counterparty_id = counterparties.counterparty_id
    left join payment_types
        on payments_by_week.payment_type_id = payment_types.payment_type_id
    cross join bounds

)

select * from final
