"""The command `tap-postgres`."""

from __future__ import annotations

import io
import sys

import psycopg

from tap_postgres.tap import TapPostgres
from waybill_common.errors import WaybillError, reports_errors
from waybill_common.plugin_log import show_progress_only


@reports_errors
def main() -> None:
    """Run the tap; any failure ends in one line and exit code 1."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")
    show_progress_only(TapPostgres.name)
    try:
        TapPostgres.cli()
    except psycopg.OperationalError as error:
        msg = f"The source has broken off: {error}."
        raise WaybillError(msg, "Run again: it goes on from the last state.") from error
    except psycopg.DataError as error:
        # PostgreSQL's words for it quote the value, which may be personal data.
        msg = f"The source cannot compute a value of a view: {type(error).__name__}."
        raise WaybillError(msg, "Its server's log says which.") from None
    except psycopg.Error as error:
        msg = f"The source refuses: {error.diag.message_primary or error}."
        raise WaybillError(msg, "Check the role's rights on the tables.") from error
