-- Of those who ordered first in a month: how many had ordered again so many months later.
select
    cohort_month_start_date,
    months_since,
    is_complete,
    cohort_customer_count,
    cumulative_repeat_customer_count
from marketplace.rpt_customer_cohorts
order by cohort_month_start_date, months_since
