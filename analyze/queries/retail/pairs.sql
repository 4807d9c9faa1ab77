-- Pairs of goods on one invoice with all that is needed to judge them, by lift.
select
    pairs.first_item_code,
    first_item.description as first_description,
    pairs.second_item_code,
    second_item.description as second_description,
    pairs.pair_basket_count,
    pairs.first_item_basket_count,
    pairs.second_item_basket_count,
    pairs.basket_count,
    pairs.support as basket_share,
    pairs.confidence_first_to_second,
    pairs.confidence_second_to_first,
    pairs.lift
from retail.rpt_item_pairs as pairs
inner join retail.dim_stock_item as first_item
    on pairs.first_item_code = first_item.item_code
inner join retail.dim_stock_item as second_item
    on pairs.second_item_code = second_item.item_code
order by pairs.lift desc, pairs.first_item_code asc, pairs.second_item_code asc
