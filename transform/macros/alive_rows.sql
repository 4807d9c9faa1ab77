{#- What the source holds now: a row that is gone from it stays in raw, marked by the target. -#}
{% macro alive_rows(source_name, table_name) -%}
    select * from {{ source(source_name, table_name) }}
    where _sdc_deleted_at is null
{%- endmacro %}
