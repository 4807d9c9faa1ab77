-- Rows that together break every rule of validate/suites/marts.
-- Laid out as tables of values, not as models.
-- noqa: disable=all
insert into common.dim_date (date_id, year) values (null, 2018), ('2018-06-01', 1999), ('2018-06-01', 1999);
insert into common.dim_currency values (1, 'GBP', 'Pound Sterling'), (9, 'eur', null), (8, 'XXX', 'XXX');

insert into raw_olist.products values ('p3', null);
insert into marketplace.dim_geography values
    ('01001', 'twice', 'SP', 95, 200, 1), ('1', 'short', 'SP', null, 1, 4);
insert into marketplace.dim_seller values ('s1', '99999'), (null, '01001');
insert into marketplace.dim_product values ('p1', 'toys', 'brinquedos'), (null, null, null), ('p9', 'unknown', 'known');
insert into marketplace.dim_customer values
    ('a2', 'ana', 4, '99999', '2018-02-01', '2018-01-01', true), (null, null, 1, '01001', '2018-01-01', null, true);
insert into marketplace.fct_order_items values
    ('o1', 2, 'a1', 'nothing', 'nobody', -1.00, -2.00, 5.00, '2018-01-05'),
    ('o9', 1, 'a1', 'p1', 's1', null, null, null, '2018-01-06'),
    (null, 1, 'a1', 'p1', 's1', 1, 1, 2, '2018-01-06');
insert into marketplace.fct_payments values ('o1', 1, 'cowries', -1), ('o9', 1, 'boleto', null);
insert into marketplace.fct_reviews values ('r1', 'o1', 9, 'title', null, false), ('r2', 'o9', null, null, null, false);
insert into marketplace.fct_orders (
    order_id, customer_key, customer_unique_id, order_status, is_canceled, is_late, delivery_days, item_count, item_amount,
    freight_amount, total_sale_amount, payment_count, payment_amount, review_count, review_score, purchased_at_local,
    delivered_at_local, estimated_delivery_date, purchase_date
) values
    ('o1', 'a1', 'bo', 'lost', false, false, -3, 9, 1, 1, 3, 9, 9, 9, 6, '2017-01-05', '2018-02-05', '2018-01-24', '2017-01-05'),
    (null, 'zz', null, 'canceled', false, null, null, 0, 0, 0, 0, 0, 0, 0, null, '2018-01-05', null, '2018-01-24', null),
    ('o8', 'b1', 'bo', 'delivered', false, null, null, 0, 0, 0, 0, 0, 0, 0, null, '2018-03-05', null, '2018-03-24', '2018-03-05');
insert into marketplace.customer_lifetime_value values
    ('bo', 0, 1.00, '2018-01-01', '2018-04-01', 0, 9, 0, null), (null, 1, 99.00, '2018-01-01', '2018-05-01', 6, 0, 6, 'new');
insert into marketplace.rpt_monthly_sales values ('2018-01-01', 7, 7, 7, 7), ('2018-09-01', 1, 1, 1, 1);
insert into marketplace.rpt_product_sales values ('p1', 'toys', 1, 7, 7, 7);
insert into marketplace.rpt_category_sales values ('toys', 7, 7, 7, 7);

insert into trade.dim_date (date_id, year) values ('2018-01-01', 1999);
insert into trade.dim_currency values (1, 'GBP', 'Pound of Flesh'), (7, 'EUR', null);
insert into trade.dim_design values (1, null, null, null);
insert into trade.dim_location values (1, null, null, null, null);
insert into trade.dim_counterparty values (1, null, null, null, null, null);
insert into trade.dim_payment_type values (1, 'SALES_RECEIPT'), (5, 'GIFT');
insert into trade.dim_staff values (1, null, null, null, 'nowhere'), (null, 'A', 'B', 'C', 'a@b');
insert into trade.dim_transaction values (1, 'GIFT', null, 1), (null, 'SALE', null, null), (3, 'SALE', 77, null);
insert into trade.fact_sales_order values
    (1, 1, '2018-01-05', '10:00', '2018-01-04', '10:00', 9, 9, 0, -1, 9, 9, '2018-01-01', '2030-01-01', 9, 5, true),
    (null, null, '2018-01-05', '10:00', '2018-01-05', '10:00', 1, 1, null, null, 1, 1, '2018-01-10', '2018-01-10', 1, 1, true);
insert into trade.fact_purchase_orders values
    (1, 1, '2018-01-05', '10:00', '2018-01-04', '10:00', 9, 9, 0, -1, 9, '2018-01-01', '2030-01-01', 9, 5, true),
    (null, null, '2018-01-05', '10:00', '2018-01-05', '10:00', 1, 1, null, null, 1, '2018-01-10', '2018-01-10', 1, 1, true);
insert into trade.fact_payment values
    (3, 1, '2018-01-05', '10:00', '2018-01-04', '10:00', 9, 9, -1, 9, 9, false, '2018-01-01', 3, true),
    (null, null, '2018-01-05', '10:00', '2030-01-05', '10:00', 1, 1, null, 1, 3, false, '2018-01-10', 1, true);

insert into common.fct_exchange_rates values
    ('2018-01-06', 'GBP', 'EUR', 0.8, 0.8, '2018-01-05', true, false, 'EUR', 1.25, '2018-01-05'),
    ('2018-01-05', 'USD', 'EUR', -1, 2, '2018-01-07', true, false, 'EUR', 7, '2018-01-05'),
    ('2018-01-08', 'USD', 'EUR', 1.5, 1.6, '2018-01-08', false, false, 'EUR', 7, '2018-01-08');

insert into attribution.fct_checkout_attribution values
    ('o1', true, 2, 'c1', null, null, null, '2018-01-05 12:00+00', '2018-01-05 10:00+00', '2018-01-05 13:00+00', 10,
     1, 2, 3, 4, 5, 6);
insert into attribution.rpt_channel_revenue values ('email', 1, 2, 3);
insert into storefront.customer_summary (customer_id, email, total_amount_spent, total_orders, average_order_value, total_products_ordered)
values ('C1', 'no address', -1, 0, 5, 3), (null, null, 900, 1, 1, 1), ('C3', null, 900, 1, 900, 1);
insert into storefront.rejected_rows (source_table, row_id, reject_kind) values ('orders', 7, 'odd');
insert into storefront.rpt_top_customers select * from storefront.rpt_top_customers;
insert into storefront.rpt_top_products (product_rank) values (1);
insert into storefront.rpt_category_ratings (category, average_rating) values ('Toys', 6);
insert into storefront.rpt_sales_trend (month_start_date) values ('2024-02-01'), ('2024-05-01');
