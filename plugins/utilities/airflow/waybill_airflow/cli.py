"""`waybill-airflow up | serve <process> | cache | <any arguments of Airflow's own command>`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from waybill_airflow import ports, settings, stack, variables, watch
from waybill_common.errors import reports_errors


@reports_errors
def main() -> None:
    """Run one command; the working folder may be any of the project's."""
    match sys.argv[1:]:
        case ["up"]:
            stack.up(ports.choose())
        case ["serve", name] if name in stack.PROCESSES:
            stack.serve(name, ports.fixed())
        case ["cache"]:
            os.environ.update(settings.environment(ports.fixed()))
            sys.exit(1 if watch.refresh().problems else 0)
        case ["watch"]:
            watch.forever()
        case arguments:
            _airflow(arguments)


def _airflow(arguments: list[str]) -> None:
    environment = settings.environment(ports.fixed())
    if arguments[:2] == ["dags", "test"]:
        environment[variables.NO_DEADLINES] = "1"
    executable = Path(sys.executable).with_name("airflow")
    os.execve(executable, ["airflow", *arguments], environment)  # noqa: S606 - Airflow's own command
