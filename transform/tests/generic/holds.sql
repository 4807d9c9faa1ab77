{#- Every row satisfies `expression`; null counts as a failure. -#}
{% test holds(model, expression) %}

select *
from {{ model }}
where ({{ expression }}) is not true

{% endtest %}
