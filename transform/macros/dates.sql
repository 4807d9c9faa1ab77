{#- One row per day, both ends included, in the column date_id. -#}
{% macro days_between(first_date, last_date) -%}
    {{ return(adapter.dispatch('days_between', 'waybill')(first_date, last_date)) }}
{%- endmacro %}

{% macro default__days_between(first_date, last_date) -%}
    select cast(days.day_at as date) as date_id
    from
        generate_series(
            cast('{{ first_date }}' as timestamp),
            cast('{{ last_date }}' as timestamp),
            interval '1 day'
        ) as days (day_at)
{%- endmacro %}

{#- A date in words: the English names, whatever the server's locale. -#}
{% macro date_name(part, column) -%}
    {{ return(adapter.dispatch('date_name', 'waybill')(part, column)) }}
{%- endmacro %}

{% macro default__date_name(part, column) -%}
    to_char({{ column }}, '{{ {"day": "FMDay", "month": "FMMonth"}[part] }}')
{%- endmacro %}

{#- A part of a date as an integer; isodow runs from 1, Monday, to 7, Sunday. -#}
{% macro date_number(part, column) -%}
    {{ return(adapter.dispatch('date_number', 'waybill')(part, column)) }}
{%- endmacro %}

{% macro default__date_number(part, column) -%}
    cast(extract({{ part }} from {{ column }}) as integer)
{%- endmacro %}
