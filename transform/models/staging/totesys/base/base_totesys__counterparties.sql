{{ alive_rows('raw_totesys', 'counterparty') }}
