-- Small marts that break no rule of validate/suites/marts, and the raw tables those rules look at.
-- Laid out as tables of values, not as models.
-- noqa: disable=all
create table common.dim_date as
select
    day::date as date_id,
    extract(year from day)::integer as year,
    extract(month from day)::integer as month,
    extract(day from day)::integer as day,
    extract(isodow from day)::integer as day_of_week,
    to_char(day, 'FMDay') as day_name,
    to_char(day, 'FMMonth') as month_name,
    extract(quarter from day)::integer as quarter,
    extract(week from day)::integer as week,
    extract(isoyear from day)::integer as week_year,
    extract(isodow from day) > 5 as is_weekend,
    date_trunc('week', day)::date as week_start_date,
    date_trunc('month', day)::date as month_start_date,
    (date_trunc('month', day) + interval '1 month')::date - 1 as month_end_date,
    date_trunc('quarter', day)::date as quarter_start_date
from generate_series(timestamp '2018-01-01', '2018-03-31', '1 day') as days (day);

create table common.dim_currency as
select * from (values (1, 'GBP', 'Pound Sterling'), (2, 'USD', 'US Dollar'))
    as currencies (currency_id, currency_code, currency_name);

create table raw_olist.products as
select * from (values ('p1', null::timestamptz), ('p2', null), ('gone', now())) as products (product_id, _sdc_deleted_at);

create table marketplace.dim_geography as
select * from (values ('01001', 'sao paulo', 'SP', -23.55, -46.63, 3), ('20000', 'rio', 'RJ', null, null, 0))
    as places (zip_code_prefix, city, state, latitude, longitude, observation_count);
create table marketplace.dim_seller as select 's1' as seller_id, '01001' as zip_code_prefix;
create table marketplace.dim_product as
select * from (values ('p1', 'toys', 'brinquedos'), ('p2', 'unknown', null))
    as products (product_id, category, category_portuguese);
create table marketplace.dim_customer as
select * from (values
    ('a1', 'ana', 1, '01001', timestamp '2018-01-05 10:00', timestamp '2018-02-10 12:00', false),
    ('a2', 'ana', 2, '20000', '2018-02-10 12:00', null, true),
    ('b1', 'bo', 1, '20000', '2018-03-01 08:00', null, true)
) as customers (customer_key, customer_unique_id, version_number, zip_code_prefix, valid_from, valid_to, is_current);

create table marketplace.fct_order_items as
select * from (values
    ('o1', 1, 'a1', 'p1', 's1', 10.00, 2.50, 12.50, date '2018-01-05'),
    ('o1', 2, 'a1', 'p2', 's1', 0.00, 1.00, 1.00, '2018-01-05'),
    ('o3', 1, 'b1', 'p1', 's1', 30.00, 4.00, 34.00, '2018-03-01')
) as items (order_id, order_item_id, customer_key, product_id, seller_id, price, freight_value, total_sale_amount, purchase_date);
create table marketplace.fct_payments as
select * from (values ('o1', 1, 'boleto', 13.50), ('o3', 1, 'credit_card', 30.00), ('o3', 2, 'voucher', 4.00))
    as payments (order_id, payment_sequential, payment_type, payment_value);
create table marketplace.fct_reviews as
select * from (values ('r1', 'o1', 5, null, 'muito bom', true), ('r1', 'o3', 1, null, null, false))
    as reviews (review_id, order_id, review_score, review_comment_title, review_comment_message, has_comment);
create table marketplace.fct_orders as
select *, purchased_at_local::date as purchase_date from (values
    ('o1', 'a1', 'ana', 'delivered', false, true, 20, 2::bigint, 10.00, 3.50, 13.50, 1::bigint, 13.50, 1::bigint, 5.00,
        timestamp '2018-01-05 10:00', timestamp '2018-01-25 09:00', date '2018-01-24'),
    ('o2', 'a2', 'ana', 'canceled', true, null, null, 0, 0, 0, 0, 0, 0, 0, null, '2018-02-10 12:00', null, '2018-02-20'),
    ('o3', 'b1', 'bo', 'shipped', false, null, null, 1, 30.00, 4.00, 34.00, 2, 34.00, 1, 1.00, '2018-03-01 08:00', null, '2018-03-20'),
    ('2d1e2d5bf4dc7227b3bfebb81328c15f', 'b1', 'bo', 'delivered', false, null, null, 0, 0, 0, 0, 0, 0, 0, null,
        '2018-03-02 08:00', null, '2018-03-20')
) as orders (
    order_id, customer_key, customer_unique_id, order_status, is_canceled, is_late, delivery_days, item_count, item_amount,
    freight_amount, total_sale_amount, payment_count, payment_amount, review_count, review_score, purchased_at_local,
    delivered_at_local, estimated_delivery_date
);
create table marketplace.customer_lifetime_value as
select
    customer_unique_id, count(*) as order_count, sum(total_sale_amount) as revenue,
    min(purchase_date) as first_order_date, max(purchase_date) as last_order_date,
    case customer_unique_id when 'ana' then 1 else 5 end as recency_score,
    3 as frequency_score,
    case customer_unique_id when 'ana' then 2 else 4 end as monetary_score,
    'loyal' as rfm_segment
from marketplace.fct_orders group by customer_unique_id;
create table marketplace.rpt_monthly_sales as
select
    date_trunc('month', purchase_date)::date as month_start_date, count(*) as order_count, sum(item_count)::bigint as item_count,
    sum(total_sale_amount) as total_sale_amount, sum(payment_amount) as payment_amount
from marketplace.fct_orders group by 1;
create table marketplace.rpt_product_sales as
select
    product_id, category, row_number() over (order by product_id) as sales_rank, count(*) as item_count,
    sum(price) as item_amount, sum(total_sale_amount) as total_sale_amount
from marketplace.fct_order_items join marketplace.dim_product using (product_id) group by 1, 2;
create table marketplace.rpt_category_sales as
select
    category, item_count, item_amount, total_sale_amount, total_sale_amount / sum(total_sale_amount) over () as share_of_sales
from marketplace.rpt_product_sales;

create table raw_totesys.address as
select 1 as address_id, '1 High St' as address_line_1, 'York' as city, 'YO1' as postal_code, 'Malta' as country,
    null::timestamptz as _sdc_deleted_at;
create table raw_totesys.counterparty as select 1 as counterparty_id, 1 as legal_address_id;

create table trade.dim_date as
select date_id, year, month, day, day_of_week, day_name, month_name, quarter from common.dim_date;
create table trade.dim_currency as select * from common.dim_currency;
create table trade.dim_design as select 1 as design_id, 'Oak' as design_name, '/usr' as file_location, 'oak.json' as file_name;
create table trade.dim_location as
select 1 as location_id, '1 High St' as address_line_1, 'York' as city, 'YO1' as postal_code, 'Malta' as country;
create table trade.dim_counterparty as
select
    1 as counterparty_id, 'Hay and Sons' as counterparty_legal_name, '1 High St' as counterparty_legal_address_line_1,
    'York' as counterparty_legal_city, 'YO1' as counterparty_legal_postal_code, 'Malta' as counterparty_legal_country;
create table trade.dim_payment_type as
select * from (values (1, 'SALES_RECEIPT'), (3, 'PURCHASE_PAYMENT')) as kinds (payment_type_id, payment_type_name);
create table trade.dim_staff as
select 1 as staff_id, 'Ada' as first_name, 'Byron' as last_name, 'Sales' as department_name, 'ada@example.org' as email_address;
create table trade.dim_transaction as
select * from (values (1, 'SALE', 1, null::integer), (2, 'PURCHASE', null, 1))
    as transactions (transaction_id, transaction_type, sales_order_id, purchase_order_id);
create table trade.fact_sales_order as
select
    1 as sales_record_id, 1 as sales_order_id, date '2018-01-05' as created_date, time '10:00' as created_time,
    date '2018-01-05' as last_updated_date, time '10:00' as last_updated_time, 1 as sales_staff_id, 1 as counterparty_id,
    4 as units_sold, 2.50 as unit_price, 1 as currency_id, 1 as design_id, date '2018-01-10' as agreed_payment_date,
    date '2018-01-11' as agreed_delivery_date, 1 as agreed_delivery_location_id, 1 as _version, true as _is_latest;
create table trade.fact_purchase_orders as
select
    1 as purchase_record_id, 1 as purchase_order_id, date '2018-01-05' as created_date, time '10:00' as created_time,
    date '2018-01-05' as last_updated_date, time '10:00' as last_updated_time, 1 as staff_id, 1 as counterparty_id,
    3 as item_quantity, 7.00 as item_unit_price, 2 as currency_id, date '2018-01-10' as agreed_payment_date,
    date '2018-01-11' as agreed_delivery_date, 1 as agreed_delivery_location_id, 1 as _version, true as _is_latest;
create table trade.fact_payment as
select
    record as payment_record_id, payment as payment_id, date '2018-01-05' as created_date, time '10:00' as created_time,
    updated as last_updated_date, time '10:00' as last_updated_time, payment as transaction_id, 1 as counterparty_id,
    amount as payment_amount, payment as currency_id, kind as payment_type_id, paid, date '2018-01-10' as payment_date,
    version as _version, latest as _is_latest
from (values
    (1, 1, date '2018-01-05', 10.00, 1, false, 1, false),
    (2, 2, '2018-01-05', 21.00, 3, false, 1, true),
    (3, 1, '2018-01-10', 10.00, 1, true, 2, true)
) as payments (record, payment, updated, amount, kind, paid, version, latest);

create table common.fct_exchange_rates as
select
    day as date_id, currency as currency_code, 'EUR' as base_currency_code, rate, rate as published_rate, rate_date,
    rate_date < day as is_filled, false as is_provisional, 'EUR' as reporting_currency_code,
    round(1 / rate, 12) as reporting_rate, rate_date as reporting_rate_date
from (values
    (date '2018-01-05', 'EUR', 1.0, date '2018-01-05'),
    ('2018-01-05', 'GBP', 0.8, '2018-01-05'),
    ('2018-01-06', 'EUR', 1.0, '2018-01-05'),
    ('2018-01-06', 'GBP', 0.8, '2018-01-05')
) as rates (day, currency, rate, rate_date);

create table attribution.fct_checkout_attribution as
select
    checkout as checkout_id, click is not null as is_attributed, (click is not null)::integer as click_count,
    click as first_click_id, click as last_click_id, channel as first_click_channel, channel as last_click_channel,
    timestamptz '2018-01-05 12:00+00' as checked_out_at,
    clicked_at as first_clicked_at, clicked_at as last_clicked_at, 10.00 as amount,
    0.00 as linear_display_amount, case when click is null then 0.00 else 10.00 end as linear_email_amount,
    0.00 as linear_organic_search_amount, 0.00 as linear_paid_search_amount, 0.00 as linear_referral_amount,
    0.00 as linear_social_amount
from (values
    ('o1', 'c1', 'email', timestamptz '2018-01-05 11:00+00'),
    ('o2', null, null, null)
) as checkouts (checkout, click, channel, clicked_at);
create table attribution.rpt_channel_revenue as
select * from (values ('email', 10.00, 10.00, 10.00), ('unattributed', 10.00, 10.00, 10.00))
    as channels (channel, first_click_revenue, last_click_revenue, linear_revenue);
create table storefront.customer_summary as
select * from (values
    ('C1', 'Ada Byrne', 'ada@shop.example', 'France', 100.31, 2::bigint, 50.16, 15::bigint, 3.00),
    ('C2', 'Unknown', null, 'Unknown', 0.00, 0, null, 0, null)
) as summaries (
    customer_id, name, email, country, total_amount_spent, total_orders, average_order_value,
    total_products_ordered, average_rating
);
create table storefront.rejected_rows as
select 'orders' as source_table, 7::bigint as row_id, 'O4' as record_id, 'orphan' as reject_kind, 'orphan: no customer C9' as reject_reason;
create table storefront.rpt_top_customers as
select 1::bigint as customer_rank, 'C1' as customer_id, 'Ada Byrne' as name, 'France' as country, 100.31 as total_amount_spent, 2::bigint as total_orders;
create table storefront.rpt_top_products as
select 1::bigint as product_rank, 'P1' as product_id, 'Kite' as product_name, 'Toys' as category, 2::bigint as order_count, 3::bigint as quantity, 9.00 as amount;
create table storefront.rpt_category_ratings as
select 'Toys' as category, 3::bigint as review_count, 2::bigint as product_count, 10::bigint as rating_total, 3.33 as average_rating;
create table storefront.rpt_sales_trend as
select * from (values (date '2024-01-01', 10.00), ('2024-02-01', 0.00)) as months (month_start_date, amount);
