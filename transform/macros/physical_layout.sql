{#-
How a large fact is laid out, as settings of the model: partitioned by a date and clustered by columns where
the warehouse can. PostgreSQL gets indexes: a block range index on the date, which is small and works as long
as rows stand in the order of their dates, and one on the first column. docs/physical-layout.md has figures.
-#}
{% macro physical_layout(date_column, cluster_by) -%}
    {{ return(adapter.dispatch('physical_layout', 'waybill')(date_column, cluster_by)) }}
{%- endmacro %}

{% macro default__physical_layout(date_column, cluster_by) -%}
    {{ return({
        'indexes': [
            {'columns': [date_column], 'type': 'brin'},
            {'columns': [cluster_by[0]]},
        ],
    }) }}
{%- endmacro %}

{% macro bigquery__physical_layout(date_column, cluster_by) -%}
    {{ return({
        'partition_by': {'field': date_column, 'data_type': 'date', 'granularity': 'day'},
        'cluster_by': cluster_by,
    }) }}
{%- endmacro %}
