select
    cohort_month_start_date,
    months_since,
    is_complete,
    cohort_customer_count,
    cumulative_repeat_customer_count
from marketplace.rpt_customer_cohorts
order by cohort_month_start_date, months_since
