-- The last receipts: what left the sources, and whether all of it is accounted for.
select
    ended_at,
    replace(scope, ',', ', ') as scope,
    is_balanced,
    stream_count,
    rows_read,
    rows_new,
    rows_changed,
    rows_dead,
    mart_rule_count
from waybill_status.receipts
order by ended_at desc
limit 12
