"""A real scheduler for half an hour: writers on the source, random kills, and what is true at the end."""
