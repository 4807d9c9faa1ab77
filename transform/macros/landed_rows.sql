{#-
The rows that a source holds now, of one that a job may run without: none where it has never landed.
`columns` are those that the models after it read, with their types.
-#}
{% macro landed_rows(source_name, table_name, columns) -%}
    {%- set relation = source(source_name, table_name) -%}
    {%- if execute and not adapter.get_relation(
        relation.database, relation.schema, relation.identifier
    ) %}
    select
        {%- for name, type in columns.items() %}
        cast(null as {{ type }}) as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    where false
    {%- else %}
    select {{ columns | join(', ') }}
    from {{ relation }}
    where _sdc_deleted_at is null
    {%- endif %}
{%- endmacro %}
