"""Loading a window of a source once more, without a word to its bookmark."""
