-- Quality checks that did not pass.
select
    table_name,
    column_name,
    rule,
    severity,
    checked_count,
    unexpected_count,
    checked_at
from waybill_status.checks
where not succeeded
order by severity, table_name, rule
