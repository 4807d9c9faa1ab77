"""Runs: their begin and end, and what became of them."""
