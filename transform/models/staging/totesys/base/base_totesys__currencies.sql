{{ alive_rows('raw_totesys', 'currency') }}
