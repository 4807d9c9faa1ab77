"""Singer tap for JSON files, typed by a data contract."""
