"""Whether memory is flat, in each life of each process: a blow that restarts one hides no growth.

Counted is what is resident and belongs to the process alone or to it and its forks, without files
and shared memory: forks leave it as it is, and a full buffer cache of Postgres is no leak.
"""

from __future__ import annotations

import itertools
import os
import statistics
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import psutil

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

BOUND = 0.5
"""MiB a minute by which a process may grow once it is warm."""
WARM_UP_MINUTES = 3.0
SHORTEST_MINUTES = 8.0
"""How long a warm process must be seen for its growth to mean something."""
_MIB = 1 << 20

Sample = tuple[float, float]
"""Seconds of the epoch and MiB."""


class Memory:
    """The lives of all processes of some sessions, sample by sample."""

    def __init__(self) -> None:
        self._lives: dict[tuple[str, int, float], list[Sample]] = defaultdict(list)

    def look(self, services: Mapping[str, psutil.Process], moment: float) -> None:
        """Measure each service with all in its session, or, for Postgres, all under it."""
        for name, process in members(services):
            try:
                used, begun = process.memory_info(), process.create_time()
            except psutil.Error:
                continue
            private = used.rss - getattr(used, "shared", 0)
            self.add(name, process.pid, begun, (moment, private / _MIB))

    def add(self, service: str, pid: int, begun: float, sample: Sample) -> None:
        """Note what a process of a service, told by its id and its birth, has at a moment."""
        self._lives[service, pid, begun].append(sample)

    def judged(self) -> list[dict[str, Any]]:
        """The lives that were long enough to judge."""
        found = []
        for (name, pid, begun), samples in self._lives.items():
            warm = [each for each in samples if each[0] - begun >= WARM_UP_MINUTES * 60]
            minutes = (warm[-1][0] - warm[0][0]) / 60 if warm else 0.0
            if minutes >= SHORTEST_MINUTES:
                found.append(
                    {
                        "service": name,
                        "process": pid,
                        "minutes": minutes,
                        "mib": statistics.median(mib for _, mib in warm),
                        "growth": slope(warm),
                    }
                )
        return found


def members(services: Mapping[str, psutil.Process]) -> Iterator[tuple[str, psutil.Process]]:
    """Each process of the services' sessions with the name of its service.

    The server processes of Postgres have sessions of their own: they are its children.
    """
    sessions = {process.pid: name for name, process in services.items()}
    for process in psutil.process_iter():
        try:
            led_by = (process.pid, os.getsid(process.pid), process.ppid())
        except (psutil.Error, ProcessLookupError):
            continue
        if name := next((sessions[pid] for pid in led_by if pid in sessions), None):
            yield name, process


def slope(samples: Sequence[Sample]) -> float:
    """MiB a minute: the median of the slopes between all pairs, which no single peak moves."""
    return statistics.median(
        (later - earlier) / (after - before) * 60
        for (before, earlier), (after, later) in itertools.combinations(samples, 2)
    )
