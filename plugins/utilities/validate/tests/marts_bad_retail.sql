-- Rows that together break every rule of validate/suites/marts/retail.yml.
-- Laid out as tables of values, not as models.
-- noqa: disable=all
insert into retail.dim_stock_item values ('10001A', 'twice', 'goods'), ('10003b', 'in lower case', 'goods'), ('ODD', 'unknown', 'goods');
insert into retail.dim_stock_item_description values ('10001A', 'LANTERN', false), ('10002', 'again current', true);
insert into retail.dim_customer values ('12346', 1), ('1234x', 1);
insert into retail.fct_invoice_lines values
    ('k1', 'C9', '99999', 'nothing', 'sale', 3, 1, 2, 0, 0, 3, '2011-01-09', false, true, true, false, true),
    (null, '9', '12346', '10002', 'sale', 1, 1, 1, 0, 0, 1, '2011-01-09', false, false, true, false, false);
insert into retail.rpt_country_sales values ('EIRE', 0.5);
insert into retail.rpt_customer_segments values ('12346', 'champion');
update retail.rpt_item_pairs set pair_basket_count = 1;
