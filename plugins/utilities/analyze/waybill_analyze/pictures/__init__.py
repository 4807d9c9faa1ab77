"""Pictures of lineage and schemas, laid out by rule: the same graph is the same picture."""
