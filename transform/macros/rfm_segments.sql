{#- The segments that the scores of recency, frequency and money make, the best customers first. -#}
{% macro rfm_segments() -%}
    {{ return([
        'champion', 'loyal', 'promising', 'new', 'needs attention', 'at risk', 'lost big spender', 'lost'
    ]) }}
{%- endmacro %}

{#- One row per segment, with its rank from 1. -#}
{% macro rfm_segment_rows() -%}
    {%- for segment in rfm_segments() %}
    select
        '{{ segment }}' as rfm_segment,
        {{ loop.index }} as segment_rank
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
{%- endmacro %}
