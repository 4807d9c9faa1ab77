{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='transaction_id',
        post_hook="{{ delete_rows_missing_from(
            ref('stg_totesys__transactions'), ['transaction_id']
        ) }}",
    )
}}

with

transactions as (

    select * from {{ ref('stg_totesys__transactions') }}

),

final as (

    select
        transaction_id,
        transaction_type,
        sales_order_id,
        purchase_order_id
    from transactions

    {% if is_incremental() %}
    except

    select
        transaction_id,
        transaction_type,
        sales_order_id,
        purchase_order_id
    from {{ this }}
    {% endif %}

)

select * from final
