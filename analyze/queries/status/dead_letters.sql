-- Rows that could not land, by stream, column and reason.
select
    target_schema,
    stream,
    column_name,
    reason,
    open_count,
    letter_count,
    last_at
from waybill_status.dead_letters
order by open_count desc, letter_count desc, target_schema, stream, column_name
limit 50
