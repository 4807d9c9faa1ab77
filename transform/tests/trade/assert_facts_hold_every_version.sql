-- Fails with versions that a fact lacks, and with those that no snapshot knows.
{% set facts = {
    'fact_sales_order': ('int_trade__sales_orders_versioned', 'sales_order_id'),
    'fact_purchase_orders': ('int_trade__purchase_orders_versioned', 'purchase_order_id'),
    'fact_payment': ('int_trade__payments_versioned', 'payment_id'),
} %}

{% for fact, (versioned, id) in facts.items() %}
select
    '{{ fact }}' as fact,
    coalesce(facts.{{ id }}, versions.{{ id }}) as source_id,
    coalesce(facts._version, versions.version_number) as version_number
from {{ ref(fact) }} as facts
full join {{ ref(versioned) }} as versions
    on
        facts.{{ id }} = versions.{{ id }}
        and facts._version = versions.version_number
        and facts._is_latest = versions.is_latest
where
    facts.{{ id }} is null
    or versions.{{ id }} is null
{{ 'union all' if not loop.last }}
{% endfor %}
