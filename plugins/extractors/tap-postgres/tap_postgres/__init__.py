"""Singer tap for PostgreSQL: tables and views in one snapshot, with exact types and no row missed."""
