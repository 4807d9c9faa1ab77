"""The command `tap-postgres`."""

from __future__ import annotations

import io
import sys

from tap_postgres.faults import explained
from waybill_common import lean_sdk
from waybill_common.errors import reports_errors
from waybill_common.plugin_log import show_progress_only

lean_sdk.defer()

from tap_postgres.tap import TapPostgres  # noqa: E402 - this loads the SDK


@reports_errors
def main() -> None:
    """Run the tap; any failure ends in one line and exit code 1."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")
    show_progress_only(TapPostgres.name)
    with explained():
        TapPostgres.cli()
