-- Quality checks of each table, as they came out when they were made last.
select
    table_name,
    count(*) as check_count,
    count(case when not succeeded and severity = 'critical' then 1 end) as failed_count,
    count(case when not succeeded and severity <> 'critical' then 1 end) as warning_count,
    max(checked_at) as checked_at
from waybill_status.checks
group by table_name
order by failed_count desc, warning_count desc, table_name
