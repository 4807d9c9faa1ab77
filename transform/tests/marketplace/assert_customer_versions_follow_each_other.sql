-- A person's versions are numbered without gaps, each begins where the one before it ends, and
-- the last one alone is open.
with versions as (

    select
        customer_key,
        customer_unique_id,
        version_number,
        valid_from,
        valid_to,
        is_current,
        lag(valid_to) over person as previous_valid_to,
        row_number() over person as expected_number,
        lead(customer_key) over person is null as is_last
    from {{ ref('dim_customer') }}
    window person as (partition by customer_unique_id order by version_number)

)

select *
from versions
where
    version_number <> expected_number
    or (version_number > 1 and previous_valid_to is distinct from valid_from)
    or (valid_to is null) <> is_last
    or is_current <> is_last
    or valid_to < valid_from
