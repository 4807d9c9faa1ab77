"""Waybill's sources: their settings checked, and seeded samples where none is set."""
