"""The processes of Airflow and of the runs under it, found by what they have in their environment.

An orphan has no parent that leads to it, and works on: its environment still names its run.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from waybill_common import runs

if TYPE_CHECKING:
    from collections.abc import Iterator

STEPS = ("tap-postgres", "target-postgres", "waybill-dbt", "waybill-validate")
"""Programs that read or write the tables of a run."""
MELTANO = "meltano"
_HOME = "WAYBILL_HOME"
_RUN = runs.RUN_ID_VARIABLE


@dataclass(frozen=True)
class Work:
    """A process that works for a run.

    Attributes:
        program: What it runs: one of `STEPS`, or Meltano.
        run_id: The run.
        process: It.
    """

    program: str
    run_id: str
    process: psutil.Process

    @property
    def is_step(self) -> bool:
        """Whether it reads or writes the tables of the run."""
        return self.program in STEPS

    def __str__(self) -> str:
        """Which process it is, for a report."""
        return f"{self.program} of run {self.run_id} (process {self.process.pid})"


class Tree:
    """All that works for one WAYBILL_HOME.

    Args:
        home: WAYBILL_HOME.
        supervisor: The process of `waybill-airflow up`.

    Attributes:
        last_seen: When each process of a run was last seen alive, by run and process id.
    """

    def __init__(self, home: Path, supervisor: psutil.Process) -> None:
        self._home = home
        self._supervisor = supervisor
        self.last_seen: dict[tuple[str, int], float] = {}

    def services(self) -> dict[str, psutil.Process]:
        """Airflow's own processes and those beside them, by name; each leads a session."""
        found = {"supervisor": self._supervisor}
        try:
            kept = json.loads((self._home / "airflow" / "running.json").read_text())
        except (FileNotFoundError, ValueError):
            # Gone or half written at this moment: the next look sees it.
            return found
        for each in kept:
            try:
                found[each["name"]] = psutil.Process(each["session"])
            except psutil.NoSuchProcess:
                continue
        return found

    def work(self) -> list[Work]:
        """`meltano` and the programs that it runs, of every run; a fork is not told again."""
        found = []
        for process, run_id in self._of_runs():
            self.last_seen[run_id, process.pid] = time.time()
            program = _program(process)
            if program and program != _program(_parent(process)):
                found.append(Work(program, run_id, process))
        return found

    def tasks(self) -> list[Work]:
        """Airflow's processes that run the tasks, which wait for a `meltano` each."""
        found = []
        for each in self.work():
            parent = _parent(each.process)
            is_task = parent and parent.pid != 1 and not _environment(parent).get(_RUN)
            if each.program == MELTANO and parent and is_task:
                found.append(Work("task", each.run_id, parent))
        return found

    def left(self) -> list[str]:
        """Processes of runs, whatever they run."""
        return [f"process {process.pid} of run {run}" for process, run in self._of_runs()]

    def _of_runs(self) -> Iterator[tuple[psutil.Process, str]]:
        for process in psutil.process_iter():
            environment = _environment(process)
            run_id = environment.get(_RUN)
            is_ours = environment.get(_HOME) == str(self._home)
            # The embedded Postgres may have been started by a run, and outlives it.
            if run_id and is_ours and not _is_server(process):
                yield process, run_id


def _environment(process: psutil.Process) -> dict[str, str]:
    try:
        return process.environ()
    except psutil.Error:
        return {}


def _parent(process: psutil.Process) -> psutil.Process | None:
    try:
        return process.parent()
    except psutil.Error:
        return None


def _is_server(process: psutil.Process) -> bool:
    try:
        return process.name() == "postgres"
    except psutil.Error:
        return True


def _program(process: psutil.Process | None) -> str | None:
    try:
        words = process.cmdline()[:2] if process else []
    except psutil.Error:
        return None
    names = {Path(word).name for word in words}
    return next((name for name in (*STEPS, MELTANO) if name in names), None)
