"""What a soak has found: kept, and told."""

from __future__ import annotations

import statistics
from collections import Counter
from typing import TYPE_CHECKING, Any

from benchmarks import results
from benchmarks.soak import judgement
from benchmarks.soak.cycles import WHOLE
from benchmarks.soak.kills import SCHEDULER

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

FOLDER = results.FOLDER / "soak"
_CYCLES = ("empty", "with news")
_MOST_LINES = 10


def write(found: dict[str, Any], path: Path | None) -> Path:
    """Keep it, where the documents look for it if no path is given."""
    return results.keep(found, path, FOLDER)


def newest() -> dict[str, Any] | None:
    """The soak that docs/benchmarks.md shows."""
    return results.newest_in(FOLDER)


def text(found: dict[str, Any]) -> str:
    """The tables for a terminal and for docs/benchmarks.md."""
    said, plan = found["machine"], found["parameters"]
    schedules = ", ".join(f"`{each['name']}`" for each in plan["schedules"])
    failed = judgement.failures(found)
    lines = [
        (
            f"Measured on {said['day']} at commit {said['commit']}, {plan['minutes']:.0f} minutes, of which"
            f" {plan['calm']:.0f} calm, seed {plan['seed']}: {said['processor']}, {said['memory']},"
            f" load {said['load']} at the end. Schedules: {schedules}, the second in the storm alone."
        ),
        "",
        *_table(["", "calm", "storm"], _phases(found)),
        *_table(["cycles in the calm, s", *_CYCLES], _steps(found["cycles"])),
        *_table(["storm and end", ""], _storm(found)),
        *_table(
            ["private memory", "lives", "minutes at least", "MiB", "MiB a minute at most"],
            _memory(found),
        ),
        _verdict(failed),
        *(each for each in judgement.unshown(found) if each not in failed),
    ]
    return "\n".join(lines) + "\n"


def _verdict(failed: list[str]) -> str:
    if not failed:
        return "No promise was broken."
    more = f"; and {len(failed) - _MOST_LINES} more" if len(failed) > _MOST_LINES else ""
    return f"**Broken**: {'; '.join(failed[:_MOST_LINES])}{more}."


def _table(head: list[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield from (f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}")
    yield from (f"| {' | '.join(row)} |" for row in rows)
    yield ""


def _phases(found: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    calm, storm = found["latency"]["calm"], found["latency"]["storm"]
    bounds = {"p95": judgement.P95_SECONDS, "p99": judgement.P99_SECONDS}
    yield "orders committed and visible in `trade`", f"{calm['orders']:,}", f"{storm['orders']:,}"
    for name in ("p50", "p95", "p99", "max"):
        bound = f", {bounds[name]:.0f} s at most" if name in bounds else ""
        yield f"commit to visible, {name}", f"{_seconds(calm, name)}{bound}", _seconds(storm, name)


def _steps(cycles: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    """Each step with its median and largest, of empty cycles and of those with news."""
    yield "cycles", *(f"{cycles[kind]['cycles']}" for kind in _CYCLES)
    steps = dict.fromkeys(step for kind in _CYCLES for step in cycles[kind]["seconds"])
    for step in sorted(steps, key=lambda step: step == WHOLE):
        name = step if step == WHOLE else f"`{step}`"
        yield name, *(_spread(cycles[kind]["seconds"].get(step)) for kind in _CYCLES)


def _storm(found: dict[str, Any]) -> Iterator[tuple[str, str]]:
    kills = found["kills"]
    aimed = [kill for kill in kills if kill["victim"] == SCHEDULER and kill["at_work"]]
    victims = Counter(kill["victim"] for kill in kills)
    drained = found["drained_after"]
    yield "writes on the source", _counts(found["commits"])
    yield "runs", _counts(found["runs"])
    yield "receipts", _counts(found["receipts"])
    yield (
        "kills",
        f"{len(kills)}: {', '.join(f'{name} {n}' for name, n in sorted(victims.items()))}",
    )
    yield "the runs killed have succeeded", _worst(kills, "recovered_after")
    what = (
        f"the same after a scheduler killed in mid step, {judgement.RECOVERY_SECONDS:.0f} s at most"
    )
    yield what, _worst(aimed, "recovered_after")
    yield "their step began for another time", _worst(aimed, "restarted_after")
    yield (
        "at work on the same tables at once",
        f"{len(found['overlaps'])} times, by the ledger and {found['looks']:,} looks at the processes",
    )
    yield (
        "rows lost, doubled or other than at the source",
        f"{len(found['differences'])} of {found['tables']} tables; {found['rows_compared']:,} rows compared by hash",
    )
    yield (
        "after the last write all had landed",
        "**never**" if drained is None else f"{drained:.0f} s",
    )


def _memory(found: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    for name in sorted({each["service"] for each in found["memory"]}):
        lives = [each for each in found["memory"] if each["service"] == name]
        worst = max(lives, key=lambda life: life["growth"])
        yield (
            name,
            f"{len(lives)}",
            f"{min(each['minutes'] for each in lives):.0f}",
            f"{worst['mib']:.0f}",
            f"{worst['growth']:.2f}",
        )


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in counts.items())


def _worst(kills: list[dict[str, Any]], what: str) -> str:
    if not kills:
        return "not seen"
    known = sorted(kill[what] for kill in kills if kill[what] is not None)
    if not known:
        return "**never**"
    never = f", {len(kills) - len(known)} **never**" if len(known) < len(kills) else ""
    return f"{statistics.median(known):.0f} s, at the longest {known[-1]:.0f} s{never}"


def _seconds(latency: dict[str, float], name: str) -> str:
    return f"{latency[name]:.0f} s" if name in latency else "not measured"


def _spread(seconds: dict[str, float] | None) -> str:
    return f"{seconds['median']:.1f}, at most {seconds['max']:.1f}" if seconds else ""
