{{ alive_rows('raw_totesys', 'address') }}
