"""What a tap or target says while it runs: its progress, not the SDK's bookkeeping."""

from __future__ import annotations

import logging
import os

_SDK = ("singer_sdk", "singer_sdk.metrics", "singer_sdk.singerlib")


def show_progress_only(plugin: str) -> None:
    """Silence the SDK's own lines below WARNING, unless LOGLEVEL asks for a level.

    Waybill's lines come from module loggers, such as `tap_csv.streams`, and stay.

    Args:
        plugin: The plugin's name, after which the SDK names its logger.
    """
    own = f"{plugin.upper().replace('-', '_')}_LOGLEVEL"
    if os.environ.get("LOGLEVEL") or os.environ.get(own):
        return
    for name in (plugin, *_SDK):
        logging.getLogger(name).setLevel(logging.WARNING)
