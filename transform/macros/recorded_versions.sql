{#- The versions that an append-only fact holds already; none where it is built from nothing.
    `delete+insert` by `record_id` then adds the new ones and renews those that they supersede. -#}
{% macro recorded_versions(record_id, key) -%}
    {%- if is_incremental() -%}
    select
        {{ record_id }},
        {{ key }},
        _version,
        _is_latest
    from {{ this }}
    {%- else -%}
    select
        cast(null as integer) as {{ record_id }},
        cast(null as integer) as {{ key }},
        cast(null as integer) as _version,
        cast(null as boolean) as _is_latest
    where false
    {%- endif -%}
{%- endmacro %}
