"""A draft of a data contract, from the data itself."""
