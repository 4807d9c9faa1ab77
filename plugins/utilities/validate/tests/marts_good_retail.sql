-- Small marts of retail that break no rule of validate/suites/marts/retail.yml.
-- Laid out as tables of values, not as models.
-- noqa: disable=all
create table retail.dim_stock_item as
select * from (values ('10001A', 'LANTERN', 'goods'), ('10002', 'BUNTING', 'goods'), ('POST', 'POSTAGE', 'postage'))
    as v (item_code, description, item_kind);
create table retail.dim_stock_item_description as
select * from (values ('10001A', 'LANTERN', true), ('10001A', 'OLD LANTERN', false), ('10002', 'BUNTING', true), ('POST', 'POSTAGE', true))
    as v (item_code, description, is_current);
create table retail.dim_customer as
select * from (values ('12346', 2), ('12347', 0)) as v (customer_number, order_count);
create table retail.fct_invoice_lines as
select
    *, left(invoice_number, 1) = 'C' as is_cancellation, left(invoice_number, 1) = 'A' as is_adjustment,
    line_kind = 'sale' as is_sale, customer_number is null as is_anonymous,
    left(invoice_number, 1) = 'C' and item_code <> 'POST' as is_return
from (values
    ('k1', '1', '12346', '10001A', 'sale', 2, 2.5, 5.0, 0.0, 0.0, 5.0, date '2011-01-05'),
    ('k2', '1', '12346', '10002', 'sale', 1, 1.25, 1.25, 0, 0, 1.25, '2011-01-05'),
    ('k3', '2', null, '10001A', 'sale', 1, 5, 5, 0, 0, 5, '2011-01-06'),
    ('k4', '2', null, '10002', 'sale', 1, 2, 2, 0, 0, 2, '2011-01-06'),
    ('k5', 'C3', '12346', '10002', 'cancellation', -1, 1.25, 0, 1.25, 0, -1.25, '2011-02-07'),
    ('k6', 'A4', null, 'POST', 'adjustment', 1, -7, 0, 0, 7, -7, '2011-02-07'),
    ('k7', '5', null, '10002', 'written off', -9, 0, 0, 0, 0, 0, '2011-02-08')
) as v (
    line_key, invoice_number, customer_number, item_code, line_kind, quantity, unit_price, gross_amount, returned_amount,
    written_off_amount, net_amount, invoice_date
);
create table retail.rpt_monthly_sales as
select * from (values (date '2011-01-01', 4, 13.25), ('2011-02-01', 3, -8.25), ('2011-03-01', 0, 0))
    as v (month_start_date, line_count, net_amount);
create table retail.rpt_country_sales as
select * from (values ('EIRE', 0.75), ('Spain', 0.25)) as v (country, gross_share);
create table retail.rpt_customer_segments as
select * from (values ('12346', 'champion')) as v (customer_number, rfm_segment);
create table retail.rpt_item_pairs as
select * from (values ('10001A', '10002', 2, 2, 2, 2, 1.0, 1.0, 1.0, 1.0)) as v (
    first_item_code, second_item_code, pair_basket_count, first_item_basket_count, second_item_basket_count, basket_count,
    support, confidence_first_to_second, confidence_second_to_first, lift
);
grant select on all tables in schema retail to auditor;
