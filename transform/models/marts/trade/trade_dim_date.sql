{{ config(alias='dim_date') }}

with

dates as (

    select * from {{ ref('dim_date') }}

),

final as (

    select
        date_id,
        year,
        month,
        day,
        day_of_week,
        day_name,
        month_name,
        quarter
    from dates

)

select * from final
