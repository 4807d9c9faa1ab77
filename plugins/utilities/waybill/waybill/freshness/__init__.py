"""How long it takes from a commit at a source until it is visible in the marts: measured, and shown."""
