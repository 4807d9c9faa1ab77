{#- A folder's schema is used as it is, without a prefix: environments have their own warehouses. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ (custom_schema_name or target.schema) | trim }}
{%- endmacro %}
