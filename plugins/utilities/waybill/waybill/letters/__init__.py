"""Dead letters: listed, exported for mending, and replayed."""
