-- Payments by their kind, made and due.
select
    payment_type_name,
    case when is_paid then 'made' else 'due' end as payment_state,
    sum(payment_count) as payment_count,
    sum(reporting_payment_amount) as reporting_payment_amount
from trade.rpt_weekly_payments
where week_start_date between :first_period and :last_period
    and :currency in ('all', currency_code)
    and :counterparty in ('all', counterparty_name)
group by payment_type_name, is_paid
order by payment_type_name, payment_state desc
