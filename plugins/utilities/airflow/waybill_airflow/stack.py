"""Airflow's four processes, the watcher and heartbeats: together for development, or one by one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from waybill_airflow import address, places, settings, step_environment, watch
from waybill_airflow.page import Page
from waybill_airflow.service import Service
from waybill_airflow.supervisor import Supervisor
from waybill_common import connections
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PROCESSES: dict[str, Sequence[str]] = {
    "api-server": ("api-server",),
    "dag-processor": ("dag-processor",),
    "triggerer": ("triggerer", "--skip-serve-logs"),
    "scheduler": ("scheduler", "--skip-serve-logs"),
}
"""In the order of their start. Logs are files that the API reads, so none of them is served twice."""

_WATCHER = "watcher"
_HEARTBEAT = "heartbeat"
_BEAT_SECONDS = 60


def up(port: int) -> None:
    """Run the whole stack until it is stopped.

    Args:
        port: Of the UI.

    Raises:
        WaybillError: The metadata cannot be prepared, or one of Airflow's processes ends again and
            again.
    """
    environment = settings.environment(port)
    print("airflow: preparing its database", flush=True)
    _migrate(environment)
    os.environ.update(environment)
    watch.refresh()
    logs = places.process_logs()
    page = Page(address.of(environment, port), logs / "api-server.log")
    services = [
        *(_service(name, environment, logs) for name in PROCESSES),
        _watcher(environment, logs),
    ]
    if _takes_heartbeats():
        services.append(_heartbeat(logs))
    for service in services:
        if service.name == "scheduler":
            # A task that cannot reach the API fails.
            service.may_start = page.answers
    Supervisor(services, page.tell).run()


def serve(name: str, port: int) -> None:
    """Run one process, its output on this one's; the dag-processor brings the watcher.

    Args:
        name: One of `PROCESSES`.
        port: Of the UI.
    """
    environment = settings.environment(port)
    if name == "dag-processor":
        os.environ.update(environment)
        watch.refresh()
        services = [_service(name, environment, None), _watcher(environment, None)]
    else:
        services = [_service(name, environment, None)]
    Supervisor(services, lambda: None).run()


def _service(name: str, environment: Mapping[str, str], logs: Path | None) -> Service:
    command = [str(_beside("airflow")), *PROCESSES[name]]
    return Service(name, command, environment, logs / f"{name}.log" if logs else None)


def _watcher(environment: Mapping[str, str], logs: Path | None) -> Service:
    log = logs / f"{_WATCHER}.log" if logs else None
    command = (_beside("waybill-airflow"), "watch")
    return Service(_WATCHER, command, environment, log, is_essential=False)


def _takes_heartbeats() -> bool:
    """Whether there is a source to write them to: its quiet hours then differ from an outage."""
    own = (
        value
        for name, value in os.environ.items()
        if name.startswith("WAYBILL_") and name.endswith("_HEARTBEAT")
    )
    return connections.is_source_embedded("WAYBILL_TOTESYS") or any(own)


def _heartbeat(logs: Path) -> Service:
    beats = ("invoke", "--no-install", "waybill:heartbeat", "--every", str(_BEAT_SECONDS))
    log = logs / f"{_HEARTBEAT}.log"
    command = (places.meltano(), *beats)
    return Service(_HEARTBEAT, command, step_environment.inherited(), log, is_essential=False)


def _migrate(environment: Mapping[str, str]) -> None:
    log = places.process_logs() / "migrate.log"
    log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with log.open("ab") as output:
        done = subprocess.run(  # noqa: S603 - Airflow's own command
            [_beside("airflow"), "db", "migrate"],
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if done.returncode:
        msg = f"Airflow's database could not be prepared: `airflow db migrate` ended with {done.returncode}."
        raise WaybillError(msg, f"Find the reason in {log}.")


def _beside(name: str) -> Path:
    return Path(sys.executable).with_name(name)
