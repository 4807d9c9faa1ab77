"""The last task of a DAG: it closes the run that no receipt has closed."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from waybill_airflow.operator import CLOSED, MeltanoOperator

if TYPE_CHECKING:
    from airflow.sdk import Context

_WELL = {"success", "skipped"}


class CloseOperator(MeltanoOperator):
    """Runs its blocks where the run was not closed; where it failed, the next one may have to wait.

    Args:
        last_step: The task whose receipt closes the run.
        rest: Seconds, at least and at most, that a failed run of a continuous schedule lasts on, as
            the next one would begin at once; None for other schedules.
    """

    def __init__(self, *, last_step: str, rest: tuple[int, int] | None, **options: Any) -> None:
        super().__init__(**options)
        self.last_step = last_step
        self.rest = rest

    def execute(self, context: Context) -> None:
        """Close the run, unless its receipt has; no second Meltano starts where all is well."""
        instance = context["ti"]
        if instance.xcom_pull(task_ids=self.last_step, key=CLOSED):
            self.log.info("The receipt has closed the run.")
            return
        self.end_leftovers(context, None)
        super().execute(context)
        states = instance.get_task_states(dag_id=instance.dag_id, run_ids=[instance.run_id])
        has_failed = any(
            state not in _WELL
            for task, state in states[instance.run_id].items()
            if task != self.task_id
        )
        if self.rest and has_failed:
            # Each parse of the DAG file would load it.
            from airflow.providers.standard.triggers.temporal import (  # noqa: PLC0415
                TimeDeltaTrigger,
            )

            since = context["prev_data_interval_end_success"] or instance.start_date
            seconds = how_long(dt.datetime.now(tz=dt.UTC) - since, self.rest)
            self.log.info("The run has failed, so the next one begins in %d s.", seconds)
            self.defer(
                trigger=TimeDeltaTrigger(dt.timedelta(seconds=seconds)), method_name="rested"
            )

    def rested(self, context: Context, event: Any = None) -> None:
        """Let the run end, and the next one begin."""


def how_long(failing: dt.timedelta, rest: tuple[int, int]) -> int:
    """How long to wait for the next run: as long as runs have been failing, so ever longer.

    Args:
        failing: Since the last run that succeeded had begun.
        rest: Seconds, at least and at most.
    """
    shortest, longest = rest
    return int(min(max(failing.total_seconds(), shortest), longest))
