"""What a step finds in its environment: who it is for, and none of Airflow's secrets."""

from __future__ import annotations

import os
import uuid
from typing import TYPE_CHECKING

from waybill_airflow import settings
from waybill_common import runs, step_outcome

if TYPE_CHECKING:
    from pathlib import Path

_NAMESPACE = uuid.UUID("6f1b4f0e-6a52-5f0c-9d0e-0a5b2b6c7d18")
_COLUMNS = "120"
# What `meltano invoke airflow` adds for Airflow's own environment.
_INVOCATION = ("VIRTUAL_ENV", "PYTHONPATH", "MELTANO_UTILITY_", "MELTANO_UTILITIES_")


def run_id(dag_id: str, airflow_run_id: str) -> uuid.UUID:
    """The id of the run in `waybill.run`: the same for all tasks and tries of one DAG run."""
    return uuid.uuid5(_NAMESPACE, f"{dag_id}\n{airflow_run_id}")


def inherited() -> dict[str, str]:
    """This process's environment without Airflow's part of it."""
    return {
        name: value
        for name, value in os.environ.items()
        if not settings.is_ours(name) and not name.startswith(_INVOCATION)
    }


def build(
    schedule_env: dict[str, str],
    *,
    dag_id: str,
    airflow_run_id: str,
    log_url: str,
    outcome: Path,
) -> dict[str, str]:
    """The environment of one step.

    Args:
        schedule_env: What the schedule says in its `env`, options left out, and its job.
        dag_id: Name of the DAG, which is that of the schedule.
        airflow_run_id: Airflow's id of the DAG run.
        log_url: Where the task's log can be read.
        outcome: Where the step says how it ended.
    """
    return (
        inherited()
        | {"COLUMNS": _COLUMNS, "NO_COLOR": "1", "PYTHONUNBUFFERED": "1"}
        | schedule_env
        | {
            runs.RUN_ID_VARIABLE: str(run_id(dag_id, airflow_run_id)),
            runs.STARTED_BY_VARIABLE: "airflow",
            runs.SCHEDULE_VARIABLE: dag_id,
            runs.LOG_URL_VARIABLE: log_url,
            step_outcome.VARIABLE: str(outcome),
        }
    )
