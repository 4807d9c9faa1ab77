-- How the data stand now.
with

receipt as (

    select
        is_balanced,
        ended_at
    from waybill_status.receipts
    order by ended_at desc
    limit 1

),

letters as (

    select coalesce(sum(open_count), 0) as open_letter_count
    from waybill_status.dead_letters

),

checks as (

    select
        count(*) as check_count,
        count(case when not succeeded and severity = 'critical' then 1 end) as failed_check_count
    from waybill_status.checks

),

incidents as (

    select count(*) as open_incident_count
    from waybill_status.incidents
    where closed_at is null

)

select
    receipt.is_balanced,
    receipt.ended_at as last_receipt_at,
    letters.open_letter_count,
    checks.check_count,
    checks.failed_check_count,
    incidents.open_incident_count
from receipt
cross join letters
cross join checks
cross join incidents
