"""Environment variables of Airflow's and of ours for it; each parse loads this, so it loads nothing."""

from __future__ import annotations

NO_DEADLINES = "WAYBILL_AIRFLOW_NO_DEADLINES"
"""Set for `airflow dags test`, which ends with 1 where a DAG has a deadline (a defect of 3.3)."""


def is_ours(variable: str) -> bool:
    """Whether a variable is for Airflow's own processes, and no business of what a task runs."""
    return variable.startswith(("AIRFLOW_", "_AIRFLOW_", "WAYBILL_AIRFLOW_"))
