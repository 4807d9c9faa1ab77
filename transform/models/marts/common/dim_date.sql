with days as (

    {{ days_between(var('first_date'), var('last_date')) }}

),

final as (

    select
        date_id,

        {{ date_number('year', 'date_id') }} as year,
        {{ date_number('month', 'date_id') }} as month,
        {{ date_number('day', 'date_id') }} as day,
        {{ date_number('isodow', 'date_id') }} as day_of_week,
        {{ date_name('day', 'date_id') }} as day_name,
        {{ date_name('month', 'date_id') }} as month_name,
        {{ date_number('quarter', 'date_id') }} as quarter,

        {{ date_number('week', 'date_id') }} as week,
        {{ date_number('isoyear', 'date_id') }} as week_year,
        {{ date_number('isodow', 'date_id') }} in (6, 7) as is_weekend,

        cast({{ dbt.date_trunc('week', 'date_id') }} as date) as week_start_date,
        cast({{ dbt.date_trunc('month', 'date_id') }} as date) as month_start_date,
        {{ dbt.last_day('date_id', 'month') }} as month_end_date,
        cast({{ dbt.date_trunc('quarter', 'date_id') }} as date) as quarter_start_date
    from days

)

select * from final
