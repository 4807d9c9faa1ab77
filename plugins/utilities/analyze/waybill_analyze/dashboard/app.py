"""The script that Streamlit runs for each visitor and after each change of a filter."""

from __future__ import annotations

from waybill_analyze.dashboard import shell

shell.run()
