"""A few lines on how far a build has come, for runs that leave dbt's own lines out."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt_common.events.base_types import EventMsg

_FINISHED = {
    "LogModelResult": "total",
    "LogSeedResult": "total",
    "LogSnapshotResult": "total",
    "LogTestResult": "num_models",
}
"""dbt's events of a node that has ended, and the field that tells how many nodes there are."""

_LINES = 5


class Progress:
    """Prints a line each time another fifth of the nodes is done.

    Args:
        step: The step's name, which opens each line.
    """

    def __init__(self, step: str) -> None:
        self._step = step
        self._done = 0

    def __call__(self, message: EventMsg) -> None:
        """Take one of dbt's events."""
        field = _FINISHED.get(message.info.name)
        if field is None:
            return
        self._done += 1
        total = int(getattr(message.data, field))
        if self._done * _LINES // total > (self._done - 1) * _LINES // total:
            print(
                f"{self._step}: {self._done:,} of {total:,} models, snapshots and tests", flush=True
            )
