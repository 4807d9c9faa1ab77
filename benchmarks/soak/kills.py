"""SIGKILL to a process of the stack: a random one, or the scheduler in the middle of a step."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import psutil

from benchmarks.soak import tree

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

    from benchmarks.soak.tree import Tree, Work

SCHEDULER = "scheduler"
_SERVICES = {SCHEDULER: 3, "dag-processor": 1, "api-server": 1, "triggerer": 1}
_WORK = {tree.MELTANO: 3, "task": 2, **dict.fromkeys(tree.STEPS, 3)}


@dataclass
class Kill:
    """One blow.

    Attributes:
        victim: What it fell on.
        at: When, in seconds of the epoch.
        runs: The runs that it fell on: that of a step, or for a service all that were under way.
        at_work: Those of them that had a program at work on their tables.
        restarted_after: Seconds until one of those began a step for another time.
        resumed_after: Seconds until one of them began any step; without a run, until one came.
        recovered_after: Seconds until all had succeeded, or where one failed for good until a run
            that began after the blow had a balanced receipt; without a run until there was one.
        unrecovered: The runs of which neither is true.
    """

    victim: str
    at: float
    runs: list[str]
    at_work: list[str]
    restarted_after: float | None = None
    resumed_after: float | None = None
    recovered_after: float | None = None
    unrecovered: list[str] = field(default_factory=list)


def strike(processes: Tree, chance: random.Random) -> Kill | None:
    """Kill one process that is there now; None where the choice had gone already."""
    services = {
        name: process for name, process in processes.services().items() if name in _SERVICES
    }
    work = processes.work()
    victims: list[str | Work] = [*services, *work, *processes.tasks()]
    if not victims:
        return None
    weights = [
        _SERVICES[each] if isinstance(each, str) else _WORK[each.program] for each in victims
    ]
    chosen = chance.choices(victims, weights)[0]
    if isinstance(chosen, str):
        return _blow(chosen, services[chosen], work)
    return _blow(
        chosen.program, chosen.process, [each for each in work if each.run_id == chosen.run_id]
    )


def strike_scheduler(processes: Tree) -> Kill | None:
    """Kill the scheduler if a step is under way; None where there is none now."""
    scheduler = processes.services().get(SCHEDULER)
    work = processes.work()
    if scheduler and any(each.is_step for each in work):
        return _blow(SCHEDULER, scheduler, work)
    return None


def _blow(victim: str, process: psutil.Process, work: Sequence[Work]) -> Kill | None:
    try:
        process.kill()
    except psutil.NoSuchProcess:
        return None
    return Kill(
        victim,
        time.time(),
        runs=sorted({each.run_id for each in work}),
        at_work=sorted({each.run_id for each in work if each.is_step}),
    )
