{{ alive_rows('raw_totesys', 'transaction') }}
