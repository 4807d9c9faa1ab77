-- The last runs.
select
    started_at,
    job,
    started_by,
    status,
    failed_step,
    ended_at
from waybill_status.runs
order by started_at desc
limit 12
