{#-
Amounts in the reporting currency; docs/decisions/money.md. An amount is rounded once, after it was
multiplied, half a cent away from zero; without a rate it is null.
-#}
{% macro in_reporting_currency(amount, rate='rates.reporting_rate') -%}
    cast(round({{ amount }} * {{ rate }}, 2) as {{ type_money() }})
{%- endmacro %}

{#- The columns that go with such amounts. -#}
{% macro reporting_rate_columns() -%}
    '{{ var("reporting_currency") }}' as reporting_currency_code,
        rates.reporting_rate as exchange_rate,
        rates.reporting_rate_date as exchange_rate_date
{%- endmacro %}

{% macro type_rate() -%}
    {{ return(adapter.dispatch('type_rate', 'waybill')()) }}
{%- endmacro %}

{% macro default__type_rate() -%}
    numeric(24, 12)
{%- endmacro %}
