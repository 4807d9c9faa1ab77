-- What has landed of each stream, and when its rows changed last.
select
    target_schema,
    stream,
    row_count,
    last_change_at
from waybill_status.streams
order by target_schema, stream
