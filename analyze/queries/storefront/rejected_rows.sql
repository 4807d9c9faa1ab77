-- Rows that have landed and are not used, by table and reason.
select
    source_table,
    reject_reason,
    count(*) as row_count
from storefront.rejected_rows
group by source_table, reject_reason
order by row_count desc, source_table, reject_reason
