{%- set least_share = var('item_pairs_min_support') -%}

with invoice_lines as (

    select * from {{ ref('fct_invoice_lines') }}
    where is_sale and item_kind = 'goods'

),

baskets as (

    select
        count(distinct invoice_number) as basket_count,
        {{ least_share }} * count(distinct invoice_number) as least_basket_count
    from invoice_lines

),

basket_items as (

    select distinct
        invoice_number,
        item_code
    from invoice_lines

),

-- A pair cannot be in more baskets than either of its items: what is rare alone needs no join.
counted_items as (

    select
        item_code,
        count(*) as item_basket_count,
        row_number() over (order by item_code) as item_number
    from basket_items
    group by 1

),

frequent_items as (

    select counted_items.*
    from counted_items
    inner join baskets on counted_items.item_basket_count >= baskets.least_basket_count

),

frequent_basket_items as (

    select
        basket_items.invoice_number,
        frequent_items.item_number
    from basket_items
    inner join frequent_items on basket_items.item_code = frequent_items.item_code

),

counted_pairs as (

    select
        one_item.item_number as first_item_number,
        other_item.item_number as second_item_number,
        count(*) as pair_basket_count
    from frequent_basket_items as one_item
    inner join frequent_basket_items as other_item
        on
            one_item.invoice_number = other_item.invoice_number
            and one_item.item_number < other_item.item_number
    group by 1, 2

),

final as (

    select
        first_item.item_code as first_item_code,
        second_item.item_code as second_item_code,

        pairs.pair_basket_count,
        first_item.item_basket_count as first_item_basket_count,
        second_item.item_basket_count as second_item_basket_count,
        baskets.basket_count,

        cast(1.0 * pairs.pair_basket_count / baskets.basket_count as numeric(9, 6))
            as support,  -- noqa: RF04
        cast(1.0 * pairs.pair_basket_count / first_item.item_basket_count as numeric(9, 6))
            as confidence_first_to_second,
        cast(1.0 * pairs.pair_basket_count / second_item.item_basket_count as numeric(9, 6))
            as confidence_second_to_first,
        cast(
            1.0 * pairs.pair_basket_count * baskets.basket_count
            / (first_item.item_basket_count * second_item.item_basket_count) as numeric(18, 6)
        ) as lift
    from counted_pairs as pairs
    inner join frequent_items as first_item on pairs.first_item_number = first_item.item_number
    inner join frequent_items as second_item
        on pairs.second_item_number = second_item.item_number
    inner join baskets on pairs.pair_basket_count >= baskets.least_basket_count

)

select * from final
