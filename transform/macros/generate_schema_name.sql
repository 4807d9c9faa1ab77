{#- A folder's schema is the schema: DESIGN.md names them, and there is one warehouse per environment. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ (custom_schema_name or target.schema) | trim }}
{%- endmacro %}
