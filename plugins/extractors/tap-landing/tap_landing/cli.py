"""The command `tap-landing`."""

from __future__ import annotations

import io
import sys

from waybill_common import lean_sdk
from waybill_common.errors import reports_errors
from waybill_common.plugin_log import show_progress_only

lean_sdk.defer()

from tap_landing.tap import TapLanding  # noqa: E402 - this loads the SDK


@reports_errors
def main() -> None:
    """Run the tap; any failure ends in one line and exit code 1."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")
    show_progress_only(TapLanding.name)
    TapLanding.cli()
