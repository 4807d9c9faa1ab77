with baskets as (

    select * from {{ ref('int_retail__baskets_measured') }}

),

months as (

    select * from {{ ref('retail_rpt_monthly_sales') }}

),

baskets_by_month as (

    select
        month_start_date,
        band_rank,
        size_band,

        count(*) as basket_count,
        sum(item_count) as item_count,
        sum(sold_quantity) as sold_quantity,

        sum(gross_amount) as gross_amount
    from baskets
    group by 1, 2, 3

),

final as (

    select
        baskets_by_month.month_start_date,
        baskets_by_month.size_band,

        baskets_by_month.band_rank,
        months.is_complete,

        baskets_by_month.basket_count,
        cast(baskets_by_month.item_count as bigint) as item_count,
        cast(baskets_by_month.sold_quantity as bigint) as sold_quantity,

        cast(baskets_by_month.gross_amount as {{ type_money(3) }}) as gross_amount
    from baskets_by_month
    left join months on baskets_by_month.month_start_date = months.month_start_date

)

select * from final
