"""The command `tap-csv`."""

from __future__ import annotations

import os
import sys

from tap_csv.tap import TapCsv
from waybill_common.errors import WaybillError, reports_errors


@reports_errors
def main() -> None:
    """Run the tap.

    Raises:
        WaybillError: Reported as one line, exit code 1.
    """
    try:
        TapCsv.cli()
    except BrokenPipeError as error:
        # Python would flush to the broken pipe once more at its end, and complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        msg = "What read the tap's output ended before the tap did."
        raise WaybillError(msg, "See the target's message above.") from error


if __name__ == "__main__":
    main()
