"""The one kind of task: `meltano run` of a step's blocks."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowException, AirflowFailException

from waybill_airflow import kin, outcome, places, step_environment
from waybill_airflow.running import STOP_SECONDS, Running
from waybill_airflow.step_environment import Task
from waybill_common import project

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow.sdk import Context

CLOSED = "closed"
"""Under this name a step leaves word that its receipt has closed the run."""


class MeltanoOperator(BaseOperator):
    """Runs blocks by Meltano; bad data fail at once, all else may be tried again.

    Args:
        blocks: What each `meltano run` is given; a failure does not keep the next one from running.
        first_again: Blocks that a retry runs before them: what the run holds may be another's since.
        schedule_env: Environment of the schedule.
        timeout: Seconds after which Meltano is asked to stop.
    """

    ui_color = "#e6f0f5"

    def __init__(
        self,
        *,
        blocks: Sequence[Sequence[str]],
        schedule_env: dict[str, str],
        timeout: float,
        first_again: Sequence[str] = (),
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.blocks = [list(each) for each in blocks]
        self.first_again = list(first_again)
        self.schedule_env = schedule_env
        self.timeout = timeout
        self._running: Running | None = None

    def execute(self, context: Context) -> None:
        """Run the blocks; their lines are the task's log.

        Raises:
            AirflowFailException: The data were at fault: no retry.
            AirflowException: Anything else was.
        """
        self.end_leftovers(context, self.task_id)
        with tempfile.TemporaryDirectory(prefix="waybill-step-") as folder:
            failures = [
                failure
                for number, blocks in enumerate(self.blocks)
                if (failure := self._run(blocks, context, Path(folder) / f"{number}.json"))
            ]
        if failures:
            raise failures[0]

    def on_kill(self) -> None:
        """Let Meltano stop by itself when the task is ended from outside."""
        if self._running:
            self._running.stop()

    def end_leftovers(self, context: Context, task: str | None) -> None:
        """End what works on for this run though its task is over: it would work beside this one.

        Args:
            context: Of this task.
            task: Only what this task had started, or None.
        """
        run_id = _task(context).run_id
        left = kin.of_run(run_id, task)
        if left:
            names = ", ".join(str(process.pid) for process in left)
            self.log.warning("Still at work for this run, and ended now: processes %s", names)
            kin.end(lambda: kin.of_run(run_id, task), STOP_SECONDS)

    def _run(self, blocks: list[str], context: Context, file: Path) -> AirflowException | None:
        instance = context["ti"]
        # A run that was killed keeps its state locked for five minutes. Within one DAG run the try
        # before this one is over; runs of other schedules are kept away by the leases.
        again = ["--force", *self.first_again] if instance.try_number > 1 else []
        command = [str(places.meltano()), "run", "--no-install", *again, *blocks]
        self.log.info("meltano run %s", " ".join([*again, *blocks]))
        self._running = Running(
            command,
            cwd=project.root(),
            env=step_environment.build(self.schedule_env, _task(context), file),
            timeout=self.timeout,
        )
        code = self._running.follow(lambda line: self.log.info("%s", line))
        ended = outcome.read(file)
        if code == 0:
            if ended.closes_run:
                instance.xcom_push(CLOSED, value=True)
            return None
        name = ended.step or " ".join(blocks)
        if self._running.timed_out:
            return AirflowException(
                f"{name} took longer than {self.timeout:.0f} s and was stopped."
            )
        cause = f": {ended.cause}" if ended.cause else f" with exit code {code}; its log is above."
        if ended.is_data_quality:
            return AirflowFailException(
                f"{name} failed on the data, so it is not tried again{cause}"
            )
        return AirflowException(f"{name} failed{cause}")


def _task(context: Context) -> Task:
    instance = context["ti"]
    return Task(instance.dag_id, instance.run_id, instance.task_id, instance.log_url)
