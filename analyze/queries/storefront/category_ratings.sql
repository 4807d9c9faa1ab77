-- The mean rating of the products of each category, the best first.
select
    category,
    product_count,
    review_count,
    average_rating
from storefront.rpt_category_ratings
order by average_rating desc, category
