{{ alive_rows('raw_totesys', 'payment') }}
