{#-
Texts that people and imports wrote, as the values they mean; docs/storefront.md has the rules. What
cannot be read becomes null, so that a model can tell `missing` from `invalid` by the text itself.
-#}

{#- Without stray spaces; what only says that there is nothing is null. -#}
{% macro clean_text(column) -%}
    {{ return(adapter.dispatch('clean_text', 'waybill')(column)) }}
{%- endmacro %}

{% macro default__clean_text(column) -%}
    case
            when lower(trim({{ column }})) not in ('', 'n/a', 'na', 'null', 'none', '-')
                then regexp_replace(trim({{ column }}), '\s+', ' ', 'g')
        end
{%- endmacro %}

{#- A key: in capitals and without any space. -#}
{% macro clean_key(column) -%}
    {{ return(adapter.dispatch('clean_key', 'waybill')(column)) }}
{%- endmacro %}

{% macro default__clean_key(column) -%}
    upper(regexp_replace({{ waybill.clean_text(column) }}, '\s', '', 'g'))
{%- endmacro %}

{#-
An amount: `1299.5`, `$1,299.50`, `1.299,50`, `19,99 EUR`. The last mark with one or two digits after
it is the decimal one; a mark before three digits parts thousands.
-#}
{% macro read_amount(column) -%}
    {{ return(adapter.dispatch('read_amount', 'waybill')(column)) }}
{%- endmacro %}

{% macro default__read_amount(column) -%}
    {%- set digits -%}
        regexp_replace({{ column }}, '[[:space:]$€£]|[A-Za-z]{3}', '', 'g')
    {%- endset -%}
    case
            when {{ digits }} ~ '^-?(\d+|\d{1,3}([,.]\d{3})+)$'
                then cast(regexp_replace({{ digits }}, '[,.]', '', 'g') as numeric)
            when {{ digits }} ~ '^-?(\d+|\d{1,3}(,\d{3})+)\.\d{1,2}$'
                then cast(replace({{ digits }}, ',', '') as numeric)
            when {{ digits }} ~ '^-?(\d+|\d{1,3}(\.\d{3})+),\d{1,2}$'
                then cast(replace(replace({{ digits }}, '.', ''), ',', '.') as numeric)
        end
{%- endmacro %}

{#-
A day: `2024-03-31`, `31/03/2024`, `31.03.2024`, each with or without a time, of which the day is
taken as it is written; never the 30th of February.
-#}
{% macro read_date(column) -%}
    {{ return(adapter.dispatch('read_date', 'waybill')(column)) }}
{%- endmacro %}

{% macro default__read_date(column) -%}
    {%- set two = '([0-9]{2})' -%}
    {%- set iso = '([0-9]{4})-' ~ two ~ '-' ~ two -%}
    {%- set european = two ~ '[/.]' ~ two ~ '[/.]([0-9]{4})' -%}
    {%- set zone = '(Z|[+-][0-9]{2}(:?[0-9]{2})?)?' -%}
    {%- set time = '([ T][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?' ~ zone ~ ')?' -%}
    {%- set day = "'^(" ~ iso ~ '|' ~ european ~ ')' ~ time ~ "$'" -%}
    (
            select
                case
                    when parts.month between 1 and 12 and parts.day between 1 and 31
                        and parts.day <= extract(
                            day from make_date(parts.year, parts.month, 1) + interval '1 month - 1 day'
                        )
                        then make_date(parts.year, parts.month, parts.day)
                end
            from (
                select
                    cast(coalesce(found[2], found[7]) as integer) as year,
                    cast(coalesce(found[3], found[6]) as integer) as month,
                    cast(coalesce(found[4], found[5]) as integer) as day
                from regexp_match({{ column }}, {{ day }}) as matched (found)
            ) as parts
            where parts.year > 0
        )
{%- endmacro %}

{#- A rating from 1 to 5: `4`, `4.0`, `4/5`, `four`. -#}
{% macro read_rating(column) -%}
    {{ return(adapter.dispatch('read_rating', 'waybill')(column)) }}
{%- endmacro %}

{% macro default__read_rating(column) -%}
    case
            when {{ column }} ~ '^[1-5](\.0+|/5)?$' then cast(left({{ column }}, 1) as integer)
            else array_position(
                array['one', 'two', 'three', 'four', 'five'], lower({{ column }})
            )
        end
{%- endmacro %}
