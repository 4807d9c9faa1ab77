{{ alive_rows('raw_totesys', 'staff') }}
