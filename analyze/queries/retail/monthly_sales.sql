-- Gross and net sales of each month.
with

months as (

    select
        month_start_date,
        is_complete,
        sum(gross_amount) as gross_amount,
        sum(net_amount) as net_amount
    from retail.rpt_country_monthly_sales
    where month_start_date between :first_period and :last_period
        and :country in ('all', country)
    group by month_start_date, is_complete

)

select
    month_start_date,
    is_complete,
    'gross' as kind,
    gross_amount as amount
from months

union all

select
    month_start_date,
    is_complete,
    'net' as kind,
    net_amount as amount
from months

order by month_start_date, kind
