"""A Singer target that lands streams as immutable Parquet objects."""
