"""Singer target for MongoDB: idempotent upserts, and a state that follows what was counted."""
