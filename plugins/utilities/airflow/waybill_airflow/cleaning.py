"""Airflow's own database does not grow for ever: once a day, what is older than it is kept goes."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
import time
from pathlib import Path

from waybill_airflow import places
from waybill_common import durations
from waybill_common.errors import WaybillError

SETTING = "WAYBILL_AIRFLOW_KEEP"
_KEPT = "30d"
_PERIOD_SECONDS = 86_400.0


def is_due() -> bool:
    """Whether a day has passed since the last cleaning, or since Airflow was first started here."""
    stamp = _stamp()
    if not stamp.exists():
        stamp.touch()
    return time.time() - stamp.stat().st_mtime > _PERIOD_SECONDS


def run() -> None:
    """Remove old rows; the last run of each DAG stays, as the next one is counted from it.

    Raises:
        WaybillError: The setting is no span of time, or Airflow cannot clean.
    """
    _stamp().touch()
    before = dt.datetime.now(tz=dt.UTC) - durations.of_variable(SETTING, _KEPT)
    executable = Path(sys.executable).with_name("airflow")
    old = ("--clean-before-timestamp", before.isoformat(), "--skip-archive", "--yes")
    code = subprocess.run([executable, "db", "clean", *old], check=False).returncode  # noqa: S603 - Airflow's own command
    if code:
        msg = f"Airflow's database was not cleaned: `airflow db clean` ended with {code}."
        raise WaybillError(msg, "Find the reason above; it is tried again in a day.")
    print(f"clean: removed rows of Airflow's from before {before:%Y-%m-%d %H:%M} UTC", flush=True)


def _stamp() -> Path:
    return places.home() / "cleaned"
