-- From a commit at the source to its being visible in the marts, over the last seven days.
select
    domain,
    source,
    method,
    measured_count,
    last_latency_seconds,
    median_latency_seconds,
    p95_latency_seconds,
    last_visible_at
from waybill_status.freshness
order by domain, source
