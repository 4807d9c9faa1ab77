"""The report: what the marts say as HTML, PDF and slides, the same bytes for the same data."""
