{#-
Of the rows of one key that have no fault of their own, the one written last is kept, and of two that
were written at one time the one with the higher number. `rank_of_duplicate` ends the select list of a
CTE that has the column `fault`; `duplicate_reason` says of a row what it was replaced by.
-#}
{% macro rank_of_duplicate(key) -%}
    row_number() over (
            partition by {{ key }}, fault is null
            order by updated_at desc, row_id desc
        ) as duplicate_rank,
        first_value(row_id) over (
            partition by {{ key }}, fault is null
            order by updated_at desc, row_id desc
        ) as kept_row_id
{%- endmacro %}

{% macro duplicate_reason(key, relation='ranked') -%}
    case
                when {{ relation }}.duplicate_rank > 1
                    then 'duplicate: row ' || {{ relation }}.kept_row_id || ' has its {{ key }}'
            end
{%- endmacro %}
