-- Payments by the week in which they were made or are due, in the reporting currency.
select
    week_start_date,
    case when is_paid then 'made' else 'due' end as payment_state,
    is_complete,
    sum(payment_count) as payment_count,
    sum(reporting_payment_amount) as reporting_payment_amount,
    sum(unconverted_payment_count) as unconverted_payment_count
from trade.rpt_weekly_payments
where week_start_date between :first_period and :last_period
    and :currency in ('all', currency_code)
    and :counterparty in ('all', counterparty_name)
group by week_start_date, is_paid, is_complete
order by week_start_date, payment_state desc
