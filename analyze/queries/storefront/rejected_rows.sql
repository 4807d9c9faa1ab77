-- Rows that have landed and are not used, by table and kind of reason.
select
    source_table,
    reject_kind,
    count(*) as row_count
from storefront.rejected_rows
group by source_table, reject_kind
order by row_count desc, source_table, reject_kind
