"""The soak itself: a calm phase, a storm, silence, then the truth."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from benchmarks import machine
from benchmarks.soak import compare, cycles, history, overlaps, recovery, stack, storm
from benchmarks.soak.latency import Latency
from benchmarks.soak.samples import Samples
from benchmarks.soak.writers import Commits, Writer

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.soak.kills import Kill
    from benchmarks.soak.stack import Stack
    from benchmarks.soak.tree import Tree

_WRITERS = 2
_FIRST_ORDER = 100_000
_ORDERS_EACH = 1_000_000
_STILL_SHARE = 0.25
"""Of the calm phase, before anything is written: empty cycles."""
_LAST_CALM_SECONDS = 180.0
"""How long the storm waits for the orders of the calm phase, on which no blow shall fall."""
_DRAIN_SECONDS = 900.0
_REST_SECONDS = 600.0
_QUIET_SECONDS = 30.0
"""How long nothing must be under way: Airflow takes new intervals up within this time."""
_TICK = 2.0
_OPEN = frozenset({"queued", "running"})


@dataclass(frozen=True)
class Plan:
    """What to do.

    Attributes:
        minutes: How long both phases take together.
        calm: How long the calm phase takes.
        seed: Of the kills and the writes.
    """

    minutes: float
    calm: float
    seed: int


def soak(project: Stack, plan: Plan) -> dict[str, Any]:
    """Soak a prepared project.

    Returns:
        What was found, as the results keep it.
    """
    # Whoever works on meanwhile changes what is checked out, not what is measured.
    commit = machine.commit()
    over, quiet = threading.Event(), threading.Event()
    commits = Commits()
    latency = Latency(project.warehouse(), commits, _FIRST_ORDER, over.is_set)
    with project.airflow() as processes:
        samples = Samples(processes, project.server(), over.is_set)
        for watch in (latency, samples):
            watch.start()
        begun = time.time()
        time.sleep(plan.calm * 60 * _STILL_SHARE)
        writing = time.time()
        writers = _writers(project, commits, quiet.is_set, plan.seed)
        time.sleep(plan.calm * 60 * (1 - _STILL_SHARE))
        calm_until, storm_from = time.time(), time.monotonic()
        _await(
            lambda: not commits.between(0, storm_from) - latency.seconds.keys(), _LAST_CALM_SECONDS
        )
        blows = _storm(project, processes, plan)
        quiet.set()
        for writer in writers:
            writer.finish()
        drained = _drain(project, time.time())
        project.rest()
        _await(_Silence(project, processes), _REST_SECONDS)
        left = processes.left()
        over.set()
        for watch in (latency, samples):
            watch.finish()
        found = _history(project, processes, blows, cycle=(begun, writing, calm_until))
    compared = compare.differences(project.source(), project.warehouse())
    return found | {
        "machine": found["machine"] | {"commit": commit},
        "parameters": asdict(plan) | {"schedules": [stack.FAST, stack.STEP_BY_STEP]},
        "commits": commits.counts,
        "latency": {
            "calm": latency.of(commits.between(0, storm_from)),
            "storm": latency.of(commits.between(storm_from, time.monotonic())),
        },
        "unseen": len(commits.orders.keys() - latency.seconds.keys()),
        "overlaps": found["overlaps"] + samples.overlaps,
        "looks": samples.looks,
        "busy": samples.busy_looks / max(samples.looks, 1),
        "memory": samples.memory.judged(),
        "drained_after": drained,
        "processes_left": left,
        **asdict(compared),
    }


def _writers(
    project: Stack, commits: Commits, is_over: Callable[[], bool], seed: int
) -> list[Writer]:
    writers = [
        Writer(
            project.source(),
            commits,
            first_order=_FIRST_ORDER + number * _ORDERS_EACH,
            is_over=is_over,
            seed=seed + number,
        )
        for number in range(_WRITERS)
    ]
    for writer in writers:
        writer.start()
    return writers


def _storm(project: Stack, processes: Tree, plan: Plan) -> list[Kill]:
    project.schedule([stack.FAST, stack.STEP_BY_STEP])
    chance = random.Random(plan.seed)  # noqa: S311 - choices of a test
    end = time.monotonic() + (plan.minutes - plan.calm) * 60
    return list(storm.blows(project, processes, chance, end))


def _drain(project: Stack, since: float) -> float | None:
    """Wait for a run that began after the last write and balanced; returns the seconds it took."""

    def is_drained() -> bool:
        return history.read(project.warehouse()).balanced_since(since) is not None

    return time.time() - since if _await(is_drained, _DRAIN_SECONDS) else None


class _Silence:
    """Whether nothing has been under way for a while."""

    def __init__(self, project: Stack, processes: Tree) -> None:
        self._project = project
        self._processes = processes
        self._since: float | None = None

    def __call__(self) -> bool:
        is_silent = not self._processes.left() and not _OPEN & self._states()
        self._since = (self._since or time.monotonic()) if is_silent else None
        return self._since is not None and time.monotonic() - self._since > _QUIET_SECONDS

    def _states(self) -> set[str]:
        runs = history.read(self._project.warehouse()).runs
        return {*history.dag_runs(self._project.metadata()), *(run.status for run in runs)}


def _await(is_so: Callable[[], bool], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > end:
            return False
        time.sleep(_TICK)
    return True


def _history(
    project: Stack, processes: Tree, blows: list[Kill], cycle: tuple[float, float, float]
) -> dict[str, Any]:
    """What the databases say of all that was."""
    begun, writing, calm_until = cycle
    known = history.read(project.warehouse())
    for blow in blows:
        recovery.follow(blow, known)
    with project.warehouse().connect() as session:
        version = session.info.parameter_status("server_version") or ""
    return {
        "machine": machine.describe(version),
        "runs": dict(Counter(f"{run.schedule} {run.status}" for run in known.runs)),
        "not_succeeded": [asdict(run) for run in known.runs if run.status != "succeeded"],
        "dag_runs": history.dag_runs(project.metadata()),
        "receipts": {
            "balanced": sum(each.is_balanced for each in known.receipts),
            "unbalanced": sum(not each.is_balanced for each in known.receipts),
        },
        "kills": [asdict(blow) for blow in blows],
        "overlaps": overlaps.of_steps(known.steps, processes.last_seen),
        "cycles": cycles.found(
            known,
            history.tasks(project.metadata()),
            schedule=stack.FAST["name"],
            span=(begun, calm_until),
            news=writing,
        ),
    }
