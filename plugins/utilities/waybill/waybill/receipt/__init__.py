"""The receipt: every row and every cent from the sources to the marts, or a named difference."""
