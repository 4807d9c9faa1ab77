-- The fifteen pairs of goods that are bought together most beyond chance.
select
    first_item.description as first_item,
    second_item.description as second_item,
    pairs.pair_basket_count,
    pairs.support,
    pairs.confidence_first_to_second,
    pairs.confidence_second_to_first,
    pairs.lift
from retail.rpt_item_pairs as pairs
inner join retail.dim_stock_item as first_item on pairs.first_item_code = first_item.item_code
inner join retail.dim_stock_item as second_item on pairs.second_item_code = second_item.item_code
order by pairs.lift desc, pairs.first_item_code, pairs.second_item_code
limit 15
