"""The embedded Postgres, and the bootstrap of any warehouse."""
