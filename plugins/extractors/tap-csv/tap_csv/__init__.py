"""Singer tap for CSV files, typed by a data contract."""
