-- What has landed of each source, and what could not so far.
with

letters as (

    select
        target_schema,
        sum(open_count) as open_letter_count
    from waybill_status.dead_letters
    group by target_schema

),

landed as (

    select
        target_schema,
        count(*) as stream_count,
        sum(row_count) as row_count
    from waybill_status.streams
    group by target_schema

)

select
    landed.target_schema,
    landed.stream_count,
    landed.row_count,
    coalesce(letters.open_letter_count, 0) as open_letter_count
from landed
left join letters on landed.target_schema = letters.target_schema
order by landed.target_schema
