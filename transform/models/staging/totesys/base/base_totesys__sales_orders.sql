{{ alive_rows('raw_totesys', 'sales_order') }}
