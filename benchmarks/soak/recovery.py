"""How each run that a blow fell on came through it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.soak.history import History
    from benchmarks.soak.kills import Kill


def follow(kill: Kill, history: History) -> None:
    """Fill in what became of the runs that were under way at a blow, as far as is known by now."""
    kill.recovered_after = kill.resumed_after = kill.restarted_after = None
    kill.unrecovered = []
    if not kill.runs:
        kill.recovered_after = _after(kill, history.balanced_since(kill.at))
        kill.resumed_after = _after(kill, _first_step(history, kill.at))
        return
    ends = {run: _end(run, kill.at, history) for run in kill.runs}
    kill.unrecovered = [run for run, end in ends.items() if end is None]
    if not kill.unrecovered:
        kill.recovered_after = _after(kill, max(end for end in ends.values() if end is not None))
    kill.resumed_after = _after(kill, _first_step(history, kill.at, kill.runs))
    kill.restarted_after = _after(
        kill, _first_step(history, kill.at, kill.at_work or kill.runs, least_attempt=2)
    )


def _end(run_id: str, moment: float, history: History) -> float | None:
    """When a run succeeded, or, where it failed for good, when a later one had answered for it."""
    run = next((each for each in history.runs if each.run_id == run_id), None)
    if run and run.status == "succeeded":
        return run.ended_at
    return history.balanced_since(moment) if run and run.status == "failed" else None


def _first_step(
    history: History, moment: float, of: Sequence[str] | None = None, least_attempt: int = 1
) -> float | None:
    return next(
        (
            step.started_at
            for step in history.steps
            if step.started_at > moment
            and (of is None or step.run_id in of)
            and step.attempt >= least_attempt
        ),
        None,
    )


def _after(kill: Kill, moment: float | None) -> float | None:
    return None if moment is None else max(moment - kill.at, 0.0)
