"""The notebooks of analyze/notebooks: opened in JupyterLab, run from top to bottom, shown as HTML."""

from __future__ import annotations

STATIC = "WAYBILL_NOTEBOOK_STATIC"
"""Set where a page is made of a notebook: charts are then SVG, which needs no JavaScript."""
