{#-
Nothing is lost, doubled or invented on the way from `origin` to the mart: for each key the number
of rows is the same, and so is each total, to the last digit. Fails with the offending keys; a null
in a key is one, for it matches nothing.

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

mart_by_key as (

    select
        {%- for column in key %}
        {{ column }},
        {%- endfor %}
        {%- for column in totals %}
        sum({{ column }}) as {{ column }},
        {%- endfor %}
        count(*) as row_count
    from {{ model }}
    group by {% for _ in key %}{{ loop.index }}{{ ', ' if not loop.last }}{% endfor %}

),

compared as (

    select
        {%- for column in key %}
        coalesce(origin_by_key.{{ column }}, mart_by_key.{{ column }}) as {{ column }},
        {%- endfor %}
        {%- for column in totals %}
        origin_by_key.{{ column }} as origin_{{ column }},
        mart_by_key.{{ column }} as mart_{{ column }},
        {%- endfor %}
        coalesce(origin_by_key.row_count, 0) as origin_rows,
        coalesce(mart_by_key.row_count, 0) as mart_rows
    from origin_by_key
    full outer join mart_by_key
        on
            {%- for column in key %}
            {% if not loop.first %}and {% endif -%}
            origin_by_key.{{ column }} = mart_by_key.{{ column }}
            {%- endfor %}

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
