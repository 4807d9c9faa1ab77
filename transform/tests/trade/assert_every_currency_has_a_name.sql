-- Nothing is lost where this fails: dim_currency shows the code instead.
-- Remedy: add the name to seeds/currency_names.csv.
{{ config(severity='warn') }}

with

currencies as (

    select * from {{ ref('dim_currency') }}

),

currency_names as (

    select * from {{ ref('currency_names') }}

)

select
    currencies.currency_id,
    currencies.currency_code
from currencies
left join currency_names
    on currencies.currency_code = currency_names.currency_code
where currency_names.currency_code is null
