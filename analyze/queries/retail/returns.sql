-- What came back or was written off, and which part of the gross sales of its month that is.
select
    month_start_date,
    is_complete,
    sum(cancellation_count) as cancellation_count,
    sum(returned_amount) as returned_amount,
    sum(written_off_amount) as written_off_amount,
    sum(returned_amount) / nullif(sum(gross_amount), 0) as returned_share
from retail.rpt_country_monthly_sales
where month_start_date between :first_period and :last_period
    and :country in ('all', country)
group by month_start_date, is_complete
order by month_start_date
