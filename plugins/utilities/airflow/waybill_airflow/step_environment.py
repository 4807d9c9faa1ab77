"""What a step finds in its environment: who it is for, and none of Airflow's secrets."""

from __future__ import annotations

import os
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from waybill_airflow import variables
from waybill_common import runs, step_outcome

if TYPE_CHECKING:
    from pathlib import Path

TASK_VARIABLE = "WAYBILL_TASK_ID"
"""By it the processes of a task are known, also those that have outlived it."""
_NAMESPACE = uuid.UUID("6f1b4f0e-6a52-5f0c-9d0e-0a5b2b6c7d18")
_COLUMNS = "120"
# What `meltano invoke airflow` adds for Airflow's own environment.
_INVOCATION = ("VIRTUAL_ENV", "PYTHONPATH", "MELTANO_UTILITY_", "MELTANO_UTILITIES_")


@dataclass(frozen=True)
class Task:
    """A task of a DAG run.

    Attributes:
        dag_id: Name of the DAG, which is that of the schedule.
        airflow_run_id: Airflow's id of the DAG run.
        task_id: Its name within the DAG.
        log_url: Where its log can be read.
    """

    dag_id: str
    airflow_run_id: str
    task_id: str
    log_url: str

    @property
    def run_id(self) -> str:
        """The id in `waybill.run`: the same for all tasks and tries of one DAG run."""
        return str(uuid.uuid5(_NAMESPACE, f"{self.dag_id}\n{self.airflow_run_id}"))


def inherited() -> dict[str, str]:
    """This process's environment without Airflow's part of it."""
    return {
        name: value
        for name, value in os.environ.items()
        if not variables.is_ours(name) and not name.startswith(_INVOCATION)
    }


def build(schedule_env: dict[str, str], task: Task, outcome: Path) -> dict[str, str]:
    """The environment of one step.

    Args:
        schedule_env: What the schedule says in its `env`, options left out, and its job.
        task: Whose step it is.
        outcome: Where the step says how it ended.
    """
    return (
        inherited()
        | {"COLUMNS": _COLUMNS, "NO_COLOR": "1", "PYTHONUNBUFFERED": "1"}
        | schedule_env
        | {
            runs.RUN_ID_VARIABLE: task.run_id,
            TASK_VARIABLE: task.task_id,
            runs.STARTED_BY_VARIABLE: "airflow",
            runs.SCHEDULE_VARIABLE: task.dag_id,
            runs.LOG_URL_VARIABLE: task.log_url,
            step_outcome.VARIABLE: str(outcome),
        }
    )
