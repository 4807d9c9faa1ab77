-- Sales and purchases of all weeks in one row.
select
    (select sum(order_count) from trade.rpt_weekly_sales) as sales_order_count,
    (select sum(reporting_sale_amount) from trade.rpt_weekly_sales) as reporting_sale_amount,
    (select sum(order_count) from trade.rpt_weekly_purchases) as purchase_order_count,
    (select sum(reporting_purchase_amount) from trade.rpt_weekly_purchases)
        as reporting_purchase_amount,
    (select max(reporting_currency_code) from trade.rpt_weekly_sales)
        as reporting_currency_code,
    (select max(created_date) from trade.fact_sales_order) as last_date
