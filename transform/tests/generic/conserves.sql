{#-
Nothing is lost, doubled or invented on the way from `origin` to the mart: for each key the number
of rows is the same, and so is each total, to the last digit. Fails with the offending keys.

Arguments:
    origin: source() or ref() the mart comes from.
    key: columns of the mart.
    origin_key: columns or expressions of the origin, in the same order; `key` if left out.
    totals: column of the mart -> column or expression of the origin whose sum it keeps.
    origin_where: condition on the origin's rows; on the mart's it is dbt's own config `where`.
    distinct: the mart has one row per key, however many the origin has.
-#}
{% test conserves(
    model, origin, key, origin_key=none, totals={}, origin_where=none, distinct=false
) %}

{%- set origin_key = origin_key or key -%}
{%- if origin_key | length != key | length -%}
    {{ exceptions.raise_compiler_error(
        "conserves: key and origin_key differ in length on " ~ model
    ) }}
{%- endif %}

with origin_by_key as (

    select
        {%- for column in key %}
        {{ origin_key[loop.index0] }} as {{ column }},
        {%- endfor %}
        {%- for column, expression in totals.items() %}
        sum({{ expression }}) as {{ column }},
        {%- endfor %}
        {{ 'max(1)' if distinct else 'count(*)' }} as row_count
    from {{ origin }}
    {%- if origin_where %}
    where {{ origin_where }}
    {%- endif %}
    group by {% for _ in key %}{{ loop.index }}{{ ', ' if not loop.last }}{% endfor %}

),

sides as (

    select
        {%- for column in key %}
        {{ column }},
        {%- endfor %}
        {%- for column in totals %}
        {{ column }} as origin_{{ column }},
        null as mart_{{ column }},
        {%- endfor %}
        row_count as origin_rows,
        0 as mart_rows
    from origin_by_key

    union all

    select
        {%- for column in key %}
        {{ column }},
        {%- endfor %}
        {%- for column in totals %}
        null as origin_{{ column }},
        {{ column }} as mart_{{ column }},
        {%- endfor %}
        0 as origin_rows,
        1 as mart_rows
    from {{ model }}

),

compared as (

    select
        {%- for column in key %}
        {{ column }},
        {%- endfor %}
        {%- for column in totals %}
        sum(origin_{{ column }}) as origin_{{ column }},
        sum(mart_{{ column }}) as mart_{{ column }},
        {%- endfor %}
        sum(origin_rows) as origin_rows,
        sum(mart_rows) as mart_rows
    from sides
    group by {% for _ in key %}{{ loop.index }}{{ ', ' if not loop.last }}{% endfor %}

)

select
    case
        when mart_rows = 0 then 'missing in the mart'
        when origin_rows = 0 then 'extra in the mart'
        when origin_rows <> mart_rows then 'row count differs'
        else 'total differs'
    end as difference,
    compared.*
from compared
where
    origin_rows <> mart_rows
    {%- for column in totals %}
    or origin_{{ column }} is distinct from mart_{{ column }}
    {%- endfor %}

{% endtest %}
