{#-
The versions of a source row, from a snapshot to an append-only fact; docs/decisions/versions.md.

`version_columns` ends the select list of an intermediate model over the versions of a snapshot.
`pending_versions` gives those of its rows that a fact has yet to write, each with its record id:
new versions, and recorded ones that are the latest no more or again. `delete+insert` by record id
then adds the former and renews the latter.
-#}
{% macro version_columns(key) -%}
    row_number() over (
            partition by {{ key }}
            order by landed_at, superseded_at nulls last
        ) as version_number,
        is_latest,

        cast(created_at as date) as created_date,
        cast(created_at as time) as created_time,
        cast(last_updated_at as date) as last_updated_date,
        cast(last_updated_at as time) as last_updated_time,
        last_updated_at,
        landed_at
{%- endmacro %}

{% macro pending_versions(versions, key, record_id) -%}
    select
        cast(
            coalesce(
                recorded.{{ record_id }},
                last_recorded.{{ record_id }} + row_number() over (
                    partition by recorded.{{ record_id }} is null
                    order by
                        versions.landed_at,
                        versions.last_updated_at,
                        versions.{{ key }},
                        versions.version_number
                )
            ) as integer
        ) as {{ record_id }},
        versions.*
    from {{ versions }} as versions
    left join ({{ waybill.recorded_versions(key, record_id) }}) as recorded
        on
            versions.{{ key }} = recorded.{{ key }}
            and versions.version_number = recorded._version
    cross join (
        select coalesce(max({{ record_id }}), 0) as {{ record_id }}
        from ({{ waybill.recorded_versions(key, record_id) }}) as recorded
    ) as last_recorded
    where
        recorded.{{ record_id }} is null
        or versions.is_latest <> recorded._is_latest
{%- endmacro %}

{#- None where the fact is built from nothing. -#}
{% macro recorded_versions(key, record_id) -%}
    {%- if is_incremental() -%}
    select {{ record_id }}, {{ key }}, _version, _is_latest from {{ this }}
    {%- else -%}
    select
        cast(null as integer) as {{ record_id }},
        cast(null as integer) as {{ key }},
        cast(null as integer) as _version,
        cast(null as boolean) as _is_latest
    where false
    {%- endif -%}
{%- endmacro %}
