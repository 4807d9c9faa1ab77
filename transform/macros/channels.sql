{#- The channels of the clickstream's contract, by which columns and reports are made. -#}
{% macro channels() -%}
    {{ return([
        'display', 'email', 'organic_search', 'paid_search', 'referral', 'social'
    ]) }}
{%- endmacro %}
