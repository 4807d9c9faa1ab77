with

rates as (

    select * from {{ ref('stg_exchange_rates__rates') }}

),

days as (

    select * from {{ ref('dim_date') }}

),

priced as (

    select
        rate_date,
        base_currency_code,
        currency_code,
        rate,
        published_rate
    from rates

    union all

    -- One unit of the base is one unit of it, on each day that it prices another currency.
    select distinct
        rate_date,
        base_currency_code,
        base_currency_code as currency_code,
        1 as rate,
        1 as published_rate
    from rates

),

spans as (

    select
        *,
        lead(rate_date) over (
            partition by base_currency_code, currency_code
            order by rate_date
        ) as next_rate_date,
        cast({{ dbt.dateadd('day', var('exchange_rate_days'), 'rate_date') }} as date)
            as last_date
    from priced

),

filled as (

    select
        days.date_id,
        spans.base_currency_code,
        spans.currency_code,
        spans.rate,
        spans.published_rate,
        spans.rate_date,
        spans.next_rate_date
    from spans
    inner join days
        on
            days.date_id >= spans.rate_date
            and days.date_id <= spans.last_date
            and (spans.next_rate_date is null or days.date_id < spans.next_rate_date)

),

reporting as (

    select
        date_id,
        base_currency_code,
        rate,
        rate_date
    from filled
    where currency_code = '{{ var("reporting_currency") }}'

),

final as (

    select
        filled.date_id,
        filled.currency_code,
        filled.base_currency_code,

        cast(filled.rate as {{ type_rate() }}) as rate,
        cast(filled.published_rate as {{ type_rate() }}) as published_rate,
        filled.rate_date,
        filled.rate_date < filled.date_id as is_filled,
        filled.rate_date < filled.date_id and filled.next_rate_date is null as is_provisional,

        '{{ var("reporting_currency") }}' as reporting_currency_code,
        cast(round(reporting.rate / filled.rate, 12) as {{ type_rate() }}) as reporting_rate,
        case
            when reporting.rate_date < filled.rate_date then reporting.rate_date
            when reporting.rate_date is not null then filled.rate_date
        end as reporting_rate_date
    from filled
    left join reporting
        on
            filled.date_id = reporting.date_id
            and filled.base_currency_code = reporting.base_currency_code

)

select * from final
