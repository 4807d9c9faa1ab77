"""The receipt of a run, and the files generated from the data contracts."""
