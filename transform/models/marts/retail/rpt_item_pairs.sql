{%- set least_share = var('item_pairs_min_support') -%}

with invoice_lines as (

    select * from {{ ref('fct_invoice_lines') }}
    where is_sale and item_kind = 'goods'

),

baskets as (

    select count(distinct invoice_number) as basket_count
    from invoice_lines

),

basket_items as (

    select distinct
        invoice_number,
        item_code
    from invoice_lines

),

-- A pair cannot be in more baskets than either of its items: what is rare alone needs no join.
frequent_items as (

    select
        basket_items.item_code,
        count(*) as item_basket_count,
        row_number() over (order by basket_items.item_code) as item_number
    from basket_items
    group by 1
    having count(*) >= (select {{ least_share }} * baskets.basket_count from baskets)

),

frequent_basket_items as (

    select
        basket_items.invoice_number,
        frequent_items.item_number
    from basket_items
    inner join frequent_items on basket_items.item_code = frequent_items.item_code

),

pairs as (

    select
        one.item_number as first_item_number,
        other.item_number as second_item_number,
        count(*) as pair_basket_count
    from frequent_basket_items as one
    inner join frequent_basket_items as other
        on
            one.invoice_number = other.invoice_number
            and one.item_number < other.item_number
    group by 1, 2
    having count(*) >= (select {{ least_share }} * baskets.basket_count from baskets)

),

final as (

    select
        first_item.item_code as first_item_code,
        second_item.item_code as second_item_code,

        pairs.pair_basket_count,
        first_item.item_basket_count as first_item_basket_count,
        second_item.item_basket_count as second_item_basket_count,
        baskets.basket_count,

        cast(1.0 * pairs.pair_basket_count / baskets.basket_count as numeric(9, 6)) as support,
        cast(1.0 * pairs.pair_basket_count / first_item.item_basket_count as numeric(9, 6))
            as confidence_first_to_second,
        cast(1.0 * pairs.pair_basket_count / second_item.item_basket_count as numeric(9, 6))
            as confidence_second_to_first,
        cast(
            1.0 * pairs.pair_basket_count * baskets.basket_count
            / (first_item.item_basket_count * second_item.item_basket_count) as numeric(18, 6)
        ) as lift
    from pairs
    inner join frequent_items as first_item on pairs.first_item_number = first_item.item_number
    inner join frequent_items as second_item on pairs.second_item_number = second_item.item_number
    cross join baskets

)

select * from final
