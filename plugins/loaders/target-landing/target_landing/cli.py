"""The command `target-landing`."""

from __future__ import annotations

import io
import sys

from waybill_common import command_steps, lean_sdk
from waybill_common.errors import WaybillError, reports_errors
from waybill_common.pipes import outlives_its_failure
from waybill_common.plugin_log import show_progress_only

lean_sdk.defer()

from singer_sdk.exceptions import (  # noqa: E402 - this loads the SDK
    MissingKeyPropertiesError,
    RecordsWithoutSchemaException,
)
from singer_sdk.singerlib.exceptions import InvalidInputLine  # noqa: E402

from target_landing.target import TargetLanding  # noqa: E402

_KNOWN = (InvalidInputLine, MissingKeyPropertiesError, RecordsWithoutSchemaException)


@outlives_its_failure
@reports_errors
def main() -> None:
    """Run the target; any failure ends in one line and exit code 1."""
    for stream in (sys.stdin, sys.stdout):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8")
    show_progress_only(TargetLanding.name)
    try:
        with command_steps.recorded():
            TargetLanding.cli()
    except _KNOWN as error:
        raise WaybillError(str(error)) from error
