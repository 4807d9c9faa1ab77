with

landed as (

    {{
        landed_rows('raw_exchange_rates', 'rates', {
            'date': 'date',
            'base': 'text',
            'currency': 'text',
            'rate': 'numeric',
            'publisher': 'text',
            '_sdc_batched_at': 'timestamptz',
        })
    }}

),

final as (

    select
        date,
        base,
        currency,
        rate,
        publisher,
        -- dbt's own times of a snapshot have no zone either.
        cast(_sdc_batched_at at time zone 'UTC' as timestamp) as landed_at
    from landed

)

select * from final
