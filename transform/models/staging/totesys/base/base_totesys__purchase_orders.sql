{{ alive_rows('raw_totesys', 'purchase_order') }}
