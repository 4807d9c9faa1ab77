-- The steps of the last run of a job: rows and bytes that each wrote.
with

last_run as (

    select run_id
    from waybill_status.runs
    where job not like 'invoke %'
    order by started_at desc
    limit 1

)

select
    steps.step,
    steps.status,
    steps.attempt,
    steps.row_count,
    steps.byte_count,
    steps.dead_row_count,
    steps.check_count,
    steps.started_at,
    steps.ended_at
from waybill_status.steps as steps
inner join last_run on steps.run_id = last_run.run_id
order by steps.step_id
