-- Nothing is made up where this fails: such an amount is null in the reporting currency.
-- Remedy: `meltano run exchange-rates`, with a start_date and symbols that reach them.
{{ config(severity='warn') }}

{% set facts = {
    'fact_sales_order_reporting': 'sales_record_id',
    'fact_purchase_orders_reporting': 'purchase_record_id',
    'fact_payment_reporting': 'payment_record_id',
} %}

{% for fact, id in facts.items() %}
select
    '{{ fact }}' as fact,
    {{ id }} as record_id,
    currency_code,
    created_date
from {{ ref(fact) }}
where
    exchange_rate is null
    and _is_latest
{{ 'union all' if not loop.last }}
{% endfor %}
