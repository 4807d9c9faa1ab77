"""Memory, and whether two runs work at once, sampled while the stack runs."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from benchmarks.soak import overlaps
from benchmarks.soak.memory import Memory
from benchmarks.soak.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Callable

    import psutil

    from benchmarks.soak.tree import Tree

_SECONDS = 1.0
_MEMORY_EVERY = 10


class Samples(Watch):
    """One look a second.

    Args:
        processes: Where to look.
        server: The postmaster, whose memory is measured too.
        is_over: Whether to stop.

    Attributes:
        memory: Of the services and the server.
        overlaps: Moments at which programs of two runs, or one program twice, were at work.
        looks: How many moments were looked at.
        busy_looks: At how many of them a step was at work.
    """

    def __init__(
        self, processes: Tree, server: psutil.Process, is_over: Callable[[], bool]
    ) -> None:
        super().__init__(is_over)
        self._processes = processes
        self._server = server
        self.memory = Memory()
        self.overlaps: list[str] = []
        self.looks = 0
        self.busy_looks = 0

    def work(self) -> None:
        """Look once."""
        work = self._processes.work()
        self.busy_looks += any(each.is_step for each in work)
        if overlap := overlaps.of_processes(work):
            self.overlaps.append(f"{time.strftime('%H:%M:%S')}: {overlap}")
        if self.looks % _MEMORY_EVERY == 0:
            services = self._processes.services() | {"postgres": self._server}
            self.memory.look(services, time.time())
        self.looks += 1
        time.sleep(_SECONDS)
