"""The second phase: blows, each after the runs of the one before have come through."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from benchmarks.soak import history, kills, recovery

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator

    from benchmarks.soak.kills import Kill
    from benchmarks.soak.stack import Stack
    from benchmarks.soak.tree import Tree

_PAUSES = (5.0, 45.0)
_RECOVERY_SECONDS = 300.0
"""After which the next blow falls, whether or not all have come through."""
_TICK = 2.0
_AIM = 0.2
"""Seconds between two looks for a step in the middle of which the scheduler can be killed."""


def blows(stack: Stack, processes: Tree, chance: random.Random, end: float) -> Iterator[Kill]:
    """Kill, wait, and kill again until a moment of the monotonic clock.

    The first blow falls on the scheduler in the middle of a step: that one has to be shown.
    """
    is_first, pause = True, _AIM
    while time.monotonic() + pause < end:
        time.sleep(pause)
        blow = kills.strike_scheduler(processes) if is_first else kills.strike(processes, chance)
        if blow is None:
            pause = _AIM
            continue
        is_first = False
        print(f"soak: {time.strftime('%H:%M:%S')} killed {blow.victim}", flush=True)
        yield blow
        _await_recovery(stack, blow, min(end, time.monotonic() + _RECOVERY_SECONDS))
        pause = chance.uniform(*_PAUSES)
    time.sleep(max(end - time.monotonic(), 0))


def _await_recovery(stack: Stack, blow: Kill, patience: float) -> None:
    while time.monotonic() < patience:
        recovery.follow(blow, history.read(stack.warehouse()))
        if blow.recovered_after is not None:
            return
        time.sleep(_TICK)
