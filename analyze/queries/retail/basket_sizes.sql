-- Baskets by how many different goods are in them.
select
    size_band,
    sum(basket_count) as basket_count,
    sum(gross_amount) as gross_amount,
    sum(gross_amount) / nullif(sum(basket_count), 0) as gross_per_basket
from retail.rpt_basket_sizes
where month_start_date between :first_period and :last_period
group by size_band, band_rank
order by band_rank
