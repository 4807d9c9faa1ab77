{{ alive_rows('raw_totesys', 'design') }}
