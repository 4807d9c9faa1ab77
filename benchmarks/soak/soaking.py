"""The soak itself: everything at once for a while, then silence, then the truth."""

from __future__ import annotations

import datetime as dt
import random
import threading
import time
from typing import TYPE_CHECKING, Any

from benchmarks import machine
from benchmarks.processes import BenchmarkError
from benchmarks.soak import compare, kills
from benchmarks.soak.latency import Latency
from benchmarks.soak.samples import Samples
from benchmarks.soak.stack import SCHEDULES
from benchmarks.soak.writers import Commits, Writer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.soak.kills import Kill
    from benchmarks.soak.stack import Stack
    from benchmarks.soak.tree import Tree

_WRITERS = 2
_FIRST_ORDER = 100_000
_ORDERS_EACH = 1_000_000
_PAUSES = (5.0, 60.0)
_RECOVERY_SECONDS = 300.0
"""After which the next blow falls, whether or not a receipt has balanced since the last one."""
_FIRST_PAUSE = 60.0
_DRAIN_SECONDS = 900.0
_TICK = 2.0

_RECEIPTS = (
    "select extract(epoch from ended_at)::float8, is_balanced from waybill.receipt order by 1"
)
_STEPS = "select extract(epoch from started_at)::float8 from waybill.step order by 1"
_RUNS = (
    "select status, count(*) from waybill.run where started_by = 'airflow' group by 1 order by 1"
)
_BALANCED_SINCE = (
    "select count(*) from waybill.receipt where is_balanced and ended_at > to_timestamp(%s)"
)
_CLOSED_SINCE = """
    select count(*) from waybill.receipt inner join waybill.run using (run_id)
    where receipt.is_balanced and run.started_at > to_timestamp(%s)
"""


def soak(stack: Stack, minutes: float, seed: int) -> dict[str, Any]:
    """Run it.

    Args:
        stack: A prepared project.
        minutes: How long writers write and kills fall.
        seed: Of the kills and the writes.

    Returns:
        What was found, as the results keep it.
    """
    over = threading.Event()
    quiet = threading.Event()
    chance = random.Random(seed)  # noqa: S311 - choices of a test
    commits = Commits()
    writers = [
        Writer(
            stack.source(),
            commits,
            first_order=_FIRST_ORDER + number * _ORDERS_EACH,
            is_over=quiet.is_set,
            seed=seed + number,
        )
        for number in range(_WRITERS)
    ]
    latency = Latency(stack.warehouse(), commits, _FIRST_ORDER, over.is_set)
    with stack.airflow() as processes:
        samples = Samples(processes, quiet.is_set)
        for thread in (*writers, latency, samples):
            thread.start()
        blows = list(_strike(stack, processes, chance, minutes))
        quiet.set()
        for thread in (*writers, samples):
            thread.join()
        drained = _drain(stack, time.time())
    over.set()
    latency.join()
    compared, differences = compare.differences(stack.source(), stack.warehouse())
    receipts = _recoveries(stack, blows)
    with stack.warehouse().connect() as session:
        version = session.info.parameter_status("server_version") or ""
        runs = dict(session.execute(_RUNS.encode()).fetchall())
    return {
        "machine": machine.describe(version),
        "parameters": {"minutes": minutes, "seed": seed, "schedules": SCHEDULES},
        "commits": commits.counts,
        "runs": runs,
        "receipts": receipts,
        "kills": [vars(blow) for blow in blows],
        "latency": latency.percentiles(),
        "unseen": len(commits.orders.keys() - latency.seconds.keys()),
        "overlaps": samples.overlaps,
        "busy": samples.busy_looks / max(samples.looks, 1),
        "memory": samples.growth(),
        "drained_after": drained,
        "rows_compared": compared,
        "differences": differences,
    }


def _strike(stack: Stack, processes: Tree, chance: random.Random, minutes: float) -> Iterator[Kill]:
    """Kill something, wait until a receipt has balanced since, and a little longer, again and again."""
    end = time.monotonic() + minutes * 60
    pause = _FIRST_PAUSE
    while time.monotonic() + pause < end:
        time.sleep(pause)
        pause = _TICK
        if blow := kills.strike(processes, chance):
            print(f"soak: {dt.datetime.now(tz=dt.UTC):%H:%M:%S} killed {blow.victim}", flush=True)
            yield blow
            patience = min(end, time.monotonic() + _RECOVERY_SECONDS)
            while time.monotonic() < patience and not _count(stack, _BALANCED_SINCE, blow.at):
                time.sleep(_TICK)
            pause = chance.uniform(*_PAUSES)
    time.sleep(max(end - time.monotonic(), 0))


def _count(stack: Stack, query: str, since: float) -> int:
    with stack.warehouse().connect() as session:
        row = session.execute(query.encode(), (since,)).fetchone()
    return row[0] if row else 0


def _drain(stack: Stack, since: float) -> float:
    """Wait for a run that began after the last write and balanced; returns the seconds it took."""
    while time.time() - since < _DRAIN_SECONDS:
        if _count(stack, _CLOSED_SINCE, since):
            return time.time() - since
        time.sleep(_TICK)
    msg = f"No run has balanced within {_DRAIN_SECONDS:.0f} s of the last write."
    raise BenchmarkError(msg)


def _recoveries(stack: Stack, blows: list[Kill]) -> dict[str, int]:
    """Fill in when work went on after each blow; returns how many receipts balanced."""
    with stack.warehouse().connect() as session:
        receipts = session.execute(_RECEIPTS.encode()).fetchall()
        steps = [row[0] for row in session.execute(_STEPS.encode())]
    for blow in blows:
        blow.resumed_after = next((at - blow.at for at in steps if at > blow.at), None)
        blow.recovered_after = next(
            (at - blow.at for at, is_balanced in receipts if is_balanced and at > blow.at), None
        )
    balanced = sum(is_balanced for _, is_balanced in receipts)
    return {"balanced": balanced, "unbalanced": len(receipts) - balanced}
