{#- The middle value, of two the lower: one that was seen, so exact and no float. -#}
{% macro median(column) -%}
    {{ return(adapter.dispatch('median', 'waybill')(column)) }}
{%- endmacro %}

{% macro default__median(column) -%}
    percentile_disc(0.5) within group (order by {{ column }})
{%- endmacro %}
