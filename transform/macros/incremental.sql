{#-
Incremental models here compute every row that should stand in the mart and write only those that differ from what stands
there. A filter on landing times would read less, but a row that a reloaded file no longer holds leaves no landing time behind,
nor does a part of an order that commits after a later part was read. See docs/decisions/incremental.md.

`changed_rows` is the last statement of such a model: all rows on a first or full run, else those that are new or changed.
`delete_rows_missing_from` is its post-hook: it removes the rows whose key the origin no longer has.
-#}
{% macro changed_rows(rows) -%}
    {%- set columns = model.columns.keys() | map('lower') | list if model is defined and model.columns else ['*'] %}
    select {{ columns | join(', ') }}
    from {{ rows }}
    {%- if is_incremental() and not waybill.lacks_columns(this, columns) %}
    except
    select {{ columns | join(', ') }}
    from {{ this }}
    {%- endif %}
{%- endmacro %}

{#- A column was added to the contract: on_schema_change appends it, and every row is written anew. -#}
{% macro lacks_columns(relation, columns) -%}
    {%- if not execute or columns == ['*'] %}{{ return(false) }}{% endif -%}
    {%- set present = adapter.get_columns_in_relation(relation) | map(attribute='name') | list -%}
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
