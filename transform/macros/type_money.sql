{#- Exact amounts; docs/decisions/money.md. -#}
{% macro type_money() -%}
    {{ return(adapter.dispatch('type_money', 'waybill')()) }}
{%- endmacro %}

{% macro default__type_money() -%}
    numeric(18, 2)
{%- endmacro %}
