-- What is wrong now, and what was last.
select
    kind,
    subject,
    opened_at,
    last_seen_at,
    closed_at
from waybill_status.incidents
order by coalesce(closed_at, last_seen_at) desc, incident_id desc
limit 20
