"""The processes of Airflow and of the runs under it, told apart by what they run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from waybill_common import runs

if TYPE_CHECKING:
    from collections.abc import Iterator

STEPS = ("tap-postgres", "target-postgres", "waybill-dbt", "waybill-validate")
"""Programs that read or write the tables of a run."""
_MELTANO = "meltano"


class Tree:
    """All that the supervisor has under it.

    Args:
        supervisor: The process of `waybill-airflow up`.
        home: AIRFLOW_HOME, where the supervisor notes its services.
    """

    def __init__(self, supervisor: psutil.Process, home: Path) -> None:
        self._supervisor = supervisor
        self._home = home

    def services(self) -> dict[str, psutil.Process]:
        """Airflow's own processes by name."""
        found = {"supervisor": self._supervisor}
        try:
            kept = json.loads((self._home / "running.json").read_text())
        except (FileNotFoundError, ValueError):
            return found
        for each in kept:
            try:
                found[each["name"]] = psutil.Process(each["session"])
            except psutil.NoSuchProcess:
                continue
        return found

    def steps(self) -> Iterator[tuple[str, psutil.Process]]:
        """`meltano` and the programs that it runs, by name; a fork of one is not told again."""
        for process in self._descendants():
            name = _program(process)
            if name and name != _program(process.parent()):
                yield name, process

    def _descendants(self) -> list[psutil.Process]:
        try:
            return self._supervisor.children(recursive=True)
        except psutil.NoSuchProcess:
            return []


def run_of(process: psutil.Process) -> str | None:
    """The run that a process works for."""
    try:
        return process.environ().get(runs.RUN_ID_VARIABLE)
    except psutil.Error:
        return None


def _program(process: psutil.Process | None) -> str | None:
    try:
        words = process.cmdline()[:2] if process else []
    except psutil.Error:
        return None
    names = {Path(word).name for word in words}
    return next((name for name in (*STEPS, _MELTANO) if name in names), None)
