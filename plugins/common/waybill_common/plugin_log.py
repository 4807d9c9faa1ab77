"""What a tap or target says while it runs: its progress, not the SDK's bookkeeping."""

from __future__ import annotations

import logging
import os

_METRICS = "singer_sdk.metrics"


def show_progress_only(plugin: str) -> None:
    """Silence the SDK's own lines below WARNING, unless LOGLEVEL asks for a level.

    Waybill's lines come from module loggers, such as `tap_csv.streams`, and stay.

    Args:
        plugin: The plugin's name, after which the SDK names its logger.
    """
    own = f"{plugin.upper().replace('-', '_')}_LOGLEVEL"
    if os.environ.get("LOGLEVEL") or os.environ.get(own):
        return
    for name in (plugin, "singer_sdk"):
        logging.getLogger(name).setLevel(logging.WARNING)
    # The SDK gives this logger a level of its own when the plugin starts.
    logging.getLogger(_METRICS).addFilter(_is_warning)


def _is_warning(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.WARNING
