-- Which part of those who ordered first in a month has ordered again, by months since.
select
    cohort_month_start_date,
    months_since,
    is_complete,
    cohort_customer_count,
    cumulative_repeat_customer_count,
    cumulative_repeat_share
from marketplace.rpt_customer_cohorts
where cohort_month_start_date between :first_period and :last_period
    and months_since > 0
order by cohort_month_start_date, months_since
