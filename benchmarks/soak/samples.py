"""Memory of Airflow's processes, and whether two runs work at once, sampled while the stack runs."""

from __future__ import annotations

import statistics
import threading
import time
from typing import TYPE_CHECKING

import psutil

from benchmarks.soak import tree

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.soak.tree import Tree

_SECONDS = 1.0
_MEMORY_EVERY = 10
_MIB = 1 << 20


class Samples(threading.Thread):
    """One look a second.

    Attributes:
        memory: Resident MiB of each of Airflow's processes, in the order of the samples.
        overlaps: Moments at which programs of two runs, or one program twice, were at work.
        looks: How many moments were looked at, and at how many of them a step was at work.
    """

    def __init__(self, processes: Tree, is_over: Callable[[], bool]) -> None:
        super().__init__(daemon=True)
        self._processes = processes
        self._is_over = is_over
        self.memory: dict[str, list[float]] = {}
        self.overlaps: list[str] = []
        self.looks = 0
        self.busy_looks = 0

    def run(self) -> None:
        """Look until it is over."""
        while not self._is_over():
            self._look_for_overlaps()
            if self.looks % _MEMORY_EVERY == 0:
                self._measure()
            self.looks += 1
            time.sleep(_SECONDS)

    def growth(self) -> dict[str, dict[str, float]]:
        """Median MiB of each process in the second quarter of the time, and in the last."""
        found = {}
        for name, values in self.memory.items():
            quarter = len(values) // 4
            if quarter:
                found[name] = {
                    "early": statistics.median(values[quarter : 2 * quarter]),
                    "late": statistics.median(values[-quarter:]),
                }
        return found

    def _look_for_overlaps(self) -> None:
        working = [
            (name, tree.run_of(process), process.pid)
            for name, process in self._processes.steps()
            if name in tree.STEPS
        ]
        self.busy_looks += bool(working)
        runs = {run for _, run, _ in working if run}
        twice = len({name for name, _, _ in working}) < len(working)
        if len(runs) > 1 or twice:
            self.overlaps.append(f"{time.time():.0f}: {sorted(map(str, working))}")

    def _measure(self) -> None:
        for name, process in self._processes.services().items():
            try:
                self.memory.setdefault(name, []).append(process.memory_info().rss / _MIB)
            except psutil.NoSuchProcess:
                continue
