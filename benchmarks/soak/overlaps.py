"""Whether two runs worked on the same tables at once: all runs of the soak are of one job."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from benchmarks.soak.history import Step
    from benchmarks.soak.tree import Work

_NO_TABLES = ("waybill:begin", "waybill:end", "waybill:alerts")
"""Steps that wait for the tables or work on none."""


def of_processes(work: Iterable[Work]) -> str | None:
    """What works beside what it should not: programs of two runs, or one program twice."""
    steps = [each for each in work if each.is_step]
    programs = Counter(each.program for each in steps)
    if len({each.run_id for each in steps}) > 1 or any(n > 1 for n in programs.values()):
        return " beside ".join(sorted(map(str, steps)))
    return None


def of_steps(steps: Sequence[Step], last_seen: Mapping[tuple[str, int], float]) -> list[str]:
    """Steps of two runs, or two attempts at one step, whose times meet in the ledger.

    Args:
        steps: As the ledger has them.
        last_seen: When each process of a run was last seen alive, by run and process id. A step
            that was killed is closed by whoever comes next: until then it had not worked.
    """
    found = []
    spans = [
        (step.started_at, _end(step, last_seen), step)
        for step in sorted(steps, key=lambda step: step.started_at)
        if not step.step.startswith(_NO_TABLES)
    ]
    for place, (_, end, one) in enumerate(spans):
        for began, other_end, other in spans[place + 1 :]:
            if began >= end:
                break
            seconds = min(end, other_end) - began
            if seconds > 0 and (one.run_id != other.run_id or one.step == other.step):
                found.append(
                    f"{one.step} of run {one.run_id} and {other.step} of run {other.run_id},"
                    f" {seconds:.1f} s"
                )
    return found


def _end(step: Step, last_seen: Mapping[tuple[str, int], float]) -> float:
    if step.status == "succeeded" and step.ended_at is not None:
        return step.ended_at
    seen = last_seen.get((step.run_id, step.process_id or 0), step.started_at)
    return max(seen, step.started_at) if step.ended_at is None else min(seen, step.ended_at)
