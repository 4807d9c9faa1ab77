{{ alive_rows('raw_totesys', 'department') }}
