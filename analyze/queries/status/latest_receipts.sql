-- The receipts of jobs, the last first: the sources that each answers for, and whether it balances.
select
    scope,
    is_balanced,
    mart_rule_count
from waybill_status.receipts
where scope not like 'backfill of %'
order by ended_at desc
limit 200
