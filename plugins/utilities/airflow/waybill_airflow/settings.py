"""Airflow's configuration, as environment variables: Waybill's own, which any AIRFLOW__… overrides."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from waybill_airflow import address, metadata, places, secret_values
from waybill_common import private_files
from waybill_common.ports import HOST

if TYPE_CHECKING:
    from collections.abc import Mapping

_FIXED = {
    # Every run of ours is a process of its own, so a few workers serve many schedules.
    "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
    "AIRFLOW__CORE__PARALLELISM": "8",
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
    "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{secret_values.USER}:admin",
    # A killed scheduler's tasks start anew within 3 minutes: 30 s until it counts as dead, looked
    # for every 30 s; 90 s where only the task's process has gone.
    "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "30",
    "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "30",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_SEC": "10",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "90",
    # Tasks outlive an API server that starts again.
    "AIRFLOW__WORKERS__MAX_FAILED_HEARTBEATS": "8",
    # A schedule that is new in YAML is live within seconds: the watcher touches the DAG files, and
    # what has been touched is parsed at once.
    "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "30",
    "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "30",
    "AIRFLOW__DAG_PROCESSOR__PARSING_PROCESSES": "1",
    "AIRFLOW__CORE__MIN_SERIALIZED_DAG_UPDATE_INTERVAL": "5",
    "AIRFLOW__API__WORKERS": "1",
    "AIRFLOW__API__EXPOSE_CONFIG": "False",
    # Each heartbeat of a task is a request.
    "AIRFLOW__LOGGING__NAMESPACE_LEVELS": "http.access=WARNING",
    "AIRFLOW__LOGGING__COLORED_CONSOLE_LOG": "False",
}
_SECRETS = (
    ("AIRFLOW__CORE__FERNET_KEY", "fernet_key"),
    ("AIRFLOW__API__SECRET_KEY", "api_secret_key"),
    ("AIRFLOW__API_AUTH__JWT_SECRET", "jwt_secret"),
)
"""Variables, and the secrets that they hold."""
_CONNECTION = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"


def environment(port: int) -> dict[str, str]:
    """The environment of Airflow's processes.

    Args:
        port: Of the UI and the API.

    Returns:
        This process's environment, Waybill's settings where it has none, and the secrets.
    """
    secrets = secret_values.load()
    api = address.of(os.environ, port).url
    ours = _FIXED | {
        "AIRFLOW_HOME": str(places.home()),
        # Its tasks are no children of the `meltano` that starts it.
        places.MELTANO_SETTING: str(places.meltano()),
        "AIRFLOW__CORE__DAGS_FOLDER": str(places.dags()),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(places.dags().parent / "plugins"),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(places.passwords()),
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{api}/execution/",
        "AIRFLOW__API__BASE_URL": api,
        "AIRFLOW__API__HOST": HOST,
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(places.logs()),
        "AIRFLOW__LOGGING__DAG_PROCESSOR_CHILD_PROCESS_LOG_DIRECTORY": str(
            places.logs() / "dag_processor"
        ),
    }
    ours |= {variable: secrets[name] for variable, name in _SECRETS}
    if not _is_set(_CONNECTION, os.environ):
        metadata.prepare(secrets["database_password"])
        ours[_CONNECTION] = metadata.url(secrets["database_password"])
    kept = {name: value for name, value in ours.items() if not _is_set(name, os.environ)}
    _make_configuration()
    return {**os.environ, **kept}


def _is_set(name: str, given: Mapping[str, str]) -> bool:
    return any(given.get(name + suffix) for suffix in ("", "_CMD", "_SECRET"))


def _make_configuration() -> None:
    # Airflow writes this file where there is none, with a key in it and for all to read.
    file = places.home() / "airflow.cfg"
    if not file.exists():
        private_files.write(file, "# The environment configures Airflow: docs/scheduling.md.\n")
