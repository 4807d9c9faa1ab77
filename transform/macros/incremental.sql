{#-
Incremental models here compute every row that should stand in the mart and write only those that
differ from what stands there; docs/decisions/incremental.md says why landing times do not decide.

`changed_rows` is the last statement of such a model: all rows when it is built from nothing, else
those that are new or changed. `delete_rows_missing_from` is its post-hook: it removes the rows
whose key the origin no longer has.
-#}
{% macro changed_rows(rows) -%}
    {%- set columns = model.columns.keys() | list if model.columns else ['*'] %}
    select {{ columns | join(', ') }}
    from {{ rows }}
    {%- if is_incremental() and not waybill.lacks_columns(this, columns) %}
    except
    select {{ columns | join(', ') }}
    from {{ this }}
    {%- endif %}
{%- endmacro %}

{#- After a column was added to the contract, on_schema_change appends it: write every row anew. -#}
{% macro lacks_columns(relation, columns) -%}
    {%- if not execute or columns == ['*'] %}{{ return(false) }}{% endif -%}
    {%- set present = adapter.get_columns_in_relation(relation)
        | map(attribute='name') | list -%}
    {{ return(columns | reject('in', present) | list | length > 0) }}
{%- endmacro %}

{% macro delete_rows_missing_from(origin, key) -%}
    delete from {{ this }}
    where not exists (
        select 1
        from {{ origin }} as origin
        where
            {%- for column in key %}
            {% if not loop.first %}and {% endif %}origin.{{ column }} = {{ this }}.{{ column }}
            {%- endfor %}
    )
{%- endmacro %}
