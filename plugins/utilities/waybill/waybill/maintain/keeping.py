"""For how long things are kept, by settings of the utility."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from waybill_common import durations

DEFAULTS = {
    "WAYBILL_KEEP_RUNS": "90d",
    "WAYBILL_KEEP_RECEIPTS": "365d",
    "WAYBILL_KEEP_LOGS": "30d",
    "WAYBILL_KEEP_DEAD_LETTERS": "90d",
}


@dataclass(frozen=True)
class Keeping:
    """Spans of time.

    Attributes:
        runs: Runs, their steps and results; measurements and incidents that are over.
        receipts: What receipts say of each stream, and bookmarks of loads that are not the last.
        logs: Logs of Meltano, Airflow and dbt.
        dead_letters: Letters that are resolved, where the contract does not say.
        now: When these are counted from.
    """

    runs: dt.timedelta
    receipts: dt.timedelta
    logs: dt.timedelta
    dead_letters: dt.timedelta
    now: dt.datetime = field(default_factory=lambda: dt.datetime.now(tz=dt.UTC))


def from_environment() -> Keeping:
    """The spans that the settings name.

    Raises:
        WaybillError: One is no span of time.
    """
    runs, receipts, logs, dead_letters = (
        durations.of_variable(name, usual) for name, usual in DEFAULTS.items()
    )
    return Keeping(runs, receipts, logs, dead_letters)
