-- What changes with the data: what was asked before is asked again then.
select max(ended_at) as changed_at
from waybill_status.runs
