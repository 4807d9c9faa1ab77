{{ config(alias='dim_customer') }}

with invoice_lines as (

    select * from {{ ref('fct_invoice_lines') }}
    where customer_number is not null

),

countries as (

    select
        customer_number,
        country,
        row_number() over (
            partition by customer_number
            order by max(invoiced_at_local) desc, country
        ) as place,
        count(*) over (partition by customer_number) as country_count
    from invoice_lines
    group by 1, 2

),

customers as (

    select
        customer_number,

        count(*) as line_count,
        count(distinct case when is_sale then invoice_number end) as order_count,
        count(distinct case when is_cancellation then invoice_number end) as cancellation_count,

        sum(gross_amount) as gross_amount,
        sum(returned_amount) as returned_amount,
        sum(net_amount) as net_amount,

        min(invoice_date) as first_invoice_date,
        max(invoice_date) as last_invoice_date,
        min(case when is_sale then invoice_date end) as first_order_date,
        max(case when is_sale then invoice_date end) as last_order_date
    from invoice_lines
    group by 1

),

final as (

    select
        customers.customer_number,

        countries.country,
        countries.country_count,

        customers.line_count,
        customers.order_count,
        customers.cancellation_count,

        cast(customers.gross_amount as {{ type_money(3) }}) as gross_amount,
        cast(customers.returned_amount as {{ type_money(3) }}) as returned_amount,
        cast(customers.net_amount as {{ type_money(3) }}) as net_amount,

        customers.first_invoice_date,
        customers.last_invoice_date,
        customers.first_order_date,
        customers.last_order_date
    from customers
    inner join countries
        on
            customers.customer_number = countries.customer_number
            and countries.place = 1

)

select * from final
