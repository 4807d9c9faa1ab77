"""Which promises a soak has seen broken, and which it has not shown to be kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.soak import memory
from benchmarks.soak.cycles import WHOLE
from benchmarks.soak.kills import SCHEDULER

if TYPE_CHECKING:
    from collections.abc import Iterator

RECOVERY_SECONDS = 180.0
P95_SECONDS, P99_SECONDS = 60.0, 120.0
EMPTY_SECONDS = 20.0
FULL_MINUTES = 25.0
"""From here on a soak is a full one: what it has not shown, it has failed to show."""
_FEWEST_ORDERS = 50
_FEWEST_EMPTY = 3
_SERVICES = (
    *("api-server", "dag-processor", "heartbeat", "postgres", "scheduler", "triggerer"),
    "watcher",
)
_DONE = "success"


def failures(found: dict[str, Any]) -> list[str]:
    """Why a soak has failed, one line each; empty if it has not."""
    is_full = found["parameters"]["minutes"] >= FULL_MINUTES
    return [*broken(found), *(unshown(found) if is_full else [])]


def broken(found: dict[str, Any]) -> list[str]:
    """The promises that were not kept, one line each."""
    return [
        *found["differences"],
        *(f"at work at once: {each}" for each in found["overlaps"]),
        *_of_runs(found),
        *(problem for kill in found["kills"] for problem in _of_kill(kill)),
        *_of_latency(found),
        *_of_cycles(found),
        *(
            f"{each['service']} (process {each['process']}) grew by {each['growth']:.2f} MiB a minute"
            for each in found["memory"]
            if each["growth"] > memory.BOUND
        ),
    ]


def unshown(found: dict[str, Any]) -> list[str]:
    """What happened too rarely or too briefly to be judged, one line each."""
    calm, kills = found["latency"]["calm"], found["kills"]
    missing = []
    if not any(kill["victim"] == SCHEDULER and kill["at_work"] for kill in kills):
        missing.append("no scheduler was killed in the middle of a step")
    if calm["orders"] < _FEWEST_ORDERS:
        missing.append(f"only {calm['orders']} orders became visible in the calm phase")
    if found["cycles"]["empty"]["cycles"] < _FEWEST_EMPTY:
        missing.append(f"only {found['cycles']['empty']['cycles']} empty cycles")
    ran = {name.rpartition(" ")[0] for name in found["runs"]}
    missing += [
        f"{schedule['name']} never ran"
        for schedule in found["parameters"]["schedules"]
        if schedule["name"] not in ran
    ]
    judged = {each["service"] for each in found["memory"]}
    missing += [
        f"{name} never lived for {memory.WARM_UP_MINUTES + memory.SHORTEST_MINUTES:.0f} minutes"
        for name in _SERVICES
        if name not in judged
    ]
    return [f"not shown: {each}" for each in missing]


def _of_runs(found: dict[str, Any]) -> Iterator[str]:
    if found["drained_after"] is None:
        yield "no run that began after the last write has a balanced receipt"
    if found["unseen"]:
        yield f"{found['unseen']} committed orders never came to the mart"
    if found["receipts"]["unbalanced"]:
        yield f"{found['receipts']['unbalanced']} receipts do not balance"
    killed = {run for kill in found["kills"] for run in kill["runs"]}
    for run in found["not_succeeded"]:
        # What became of a killed run that failed is judged with the blow.
        if run["status"] != "failed" or run["run_id"] not in killed:
            yield f"run {run['run_id']} of {run['schedule']} is {run['status']}: {run['cause']}"
    for state, count in found["dag_runs"].items():
        if state != _DONE:
            yield f"{count} DAG runs are {state}"
    yield from (f"left behind: {each}" for each in found["processes_left"])


def _of_kill(kill: dict[str, Any]) -> Iterator[str]:
    victim, after = kill["victim"], kill["recovered_after"]
    if after is None:
        runs = ", ".join(kill["unrecovered"])
        what = f"run {runs} never succeeded" if runs else "no receipt balanced"
        yield f"{what} after the kill of {victim}"
    elif victim == SCHEDULER and kill["at_work"] and after > RECOVERY_SECONDS:
        yield (
            f"the runs of a scheduler killed in the middle of a step succeeded after {after:.0f} s,"
            f" not within {RECOVERY_SECONDS:.0f} s"
        )


def _of_latency(found: dict[str, Any]) -> Iterator[str]:
    calm = found["latency"]["calm"]
    for name, bound in (("p95", P95_SECONDS), ("p99", P99_SECONDS)):
        if calm.get(name, 0.0) > bound:
            yield f"{name} of the latency in the calm phase is {calm[name]:.0f} s, above {bound:.0f} s"


def _of_cycles(found: dict[str, Any]) -> Iterator[str]:
    whole = found["cycles"]["empty"]["seconds"].get(WHOLE)
    if whole and whole["median"] > EMPTY_SECONDS:
        yield f"an empty cycle takes {whole['median']:.1f} s, above {EMPTY_SECONDS:.0f} s"
