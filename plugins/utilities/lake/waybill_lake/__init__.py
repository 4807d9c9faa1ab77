"""The lake: what taps have sent, as immutable objects, and the marts beside it."""
