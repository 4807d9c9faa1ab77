"""Singer target for PostgreSQL: rows, bookmark and ledger row land in one transaction, or none do."""
