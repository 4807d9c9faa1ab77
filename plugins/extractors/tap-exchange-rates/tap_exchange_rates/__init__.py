"""Singer tap for daily exchange rates."""
