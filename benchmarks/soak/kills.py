"""SIGKILL to a random process of the stack, again and again."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psutil

from benchmarks.soak import tree

if TYPE_CHECKING:
    import random

    from benchmarks.soak.tree import Tree

_WEIGHTS = {
    "scheduler": 3,
    "dag-processor": 1,
    "api-server": 1,
    "triggerer": 1,
    "meltano": 4,
    **dict.fromkeys(tree.STEPS, 3),
}


@dataclass
class Kill:
    """One blow.

    Attributes:
        victim: What it fell on.
        at: When, by the wall clock.
        run_id: The run that was under way there, if any.
        busy: Whether any step was under way.
        recovered_after: Seconds until the first receipt after it.
        resumed_after: Seconds until the first step after it began.
    """

    victim: str
    at: float
    run_id: str | None
    busy: bool
    recovered_after: float | None = None
    resumed_after: float | None = None


def strike(processes: Tree, chance: random.Random) -> Kill | None:
    """Kill one process that is there now; None where the choice had gone already."""
    steps = list(processes.steps())
    present = [*processes.services().items(), *steps]
    candidates = [(name, process) for name, process in present if name in _WEIGHTS]
    if not candidates:
        return None
    weights = [_WEIGHTS[name] for name, _ in candidates]
    name, process = chance.choices(candidates, weights)[0]
    run_id = tree.run_of(process) if name not in processes.services() else None
    try:
        process.kill()
    except psutil.NoSuchProcess:
        return None
    return Kill(name, time.time(), run_id, bool(steps))
