"""Incidents: what is wrong by the ledger, and telling people once when it begins and once when it is over."""
