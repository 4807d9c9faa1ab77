{#- Exact amounts, to the cent unless a source has finer ones; docs/decisions/money.md. -#}
{% macro type_money(scale=2) -%}
    {{ return(adapter.dispatch('type_money', 'waybill')(scale)) }}
{%- endmacro %}

{% macro default__type_money(scale) -%}
    numeric(18, {{ scale }})
{%- endmacro %}
