"""The command `tap-csv`."""

from __future__ import annotations

from tap_csv.tap import TapCsv
from waybill_common.errors import reports_errors
from waybill_common.plugin_log import show_progress_only


@reports_errors
def main() -> None:
    """Run the tap; a fault whose cause is known ends in one line and exit code 1."""
    show_progress_only(TapCsv.name)
    TapCsv.cli()


if __name__ == "__main__":
    main()
