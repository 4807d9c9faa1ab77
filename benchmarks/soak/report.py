"""What a soak has found: kept, told, judged."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from benchmarks import results

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = results.FOLDER / "soak"
RECOVERY_SECONDS = 180.0
GROWTH = 1.15
"""By how much the memory of Airflow's processes may grow from the second quarter to the last."""
_SCHEDULER = "scheduler"
_SERVICES = ("api-server", "dag-processor", "scheduler", "triggerer")


def write(found: dict[str, Any], path: Path | None) -> Path:
    """Keep it, where the documents look for it if no path is given."""
    path = path or FOLDER / f"{found['machine']['day']}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(results.rounded(found), indent=1) + "\n")
    return path


def newest() -> dict[str, Any] | None:
    """The soak that docs/benchmarks.md shows."""
    kept = max(FOLDER.glob("*.json"), default=None)
    if kept is None:
        return None
    found: dict[str, Any] = json.loads(kept.read_text())
    return found


def broken(found: dict[str, Any]) -> list[str]:
    """The promises that were not kept, one line each."""
    problems = [*found["differences"]]
    if found["overlaps"]:
        problems.append(f"two runs worked at once at {len(found['overlaps'])} moments")
    if found["unseen"]:
        problems.append(f"{found['unseen']} committed orders never came to the mart")
    problems += [
        f"nothing went on within {RECOVERY_SECONDS:.0f} s of the kill of {kill['victim']}"
        for kill in found["kills"]
        if kill["resumed_after"] is None or kill["resumed_after"] > RECOVERY_SECONDS
    ]
    before, after = _memory(found)
    if before and after > before * GROWTH:
        problems.append(f"Airflow's memory grew from {before:.0f} to {after:.0f} MiB")
    return problems


def text(found: dict[str, Any]) -> str:
    """The table for a terminal and for docs/benchmarks.md."""
    said, latency = found["machine"], found["latency"]
    before, after = _memory(found)
    kills = found["kills"]
    names = sorted({kill["victim"] for kill in kills})
    per_victim = ", ".join(
        f"{name} {sum(kill['victim'] == name for kill in kills)}" for name in names
    )
    rows = {
        "writes on the source": _counts(found["commits"]),
        "runs": _counts(found["runs"]),
        "receipts": _counts(found["receipts"]),
        "kills": f"{len(kills)}: {per_victim}",
        "a step begins after a kill": _worst(kills, "resumed_after"),
        "after a kill of the scheduler": _worst(
            [kill for kill in kills if kill["victim"] == _SCHEDULER], "resumed_after"
        ),
        "a balanced receipt after a kill": _worst(kills, "recovered_after"),
        "two runs at work at once": f"{len(found['overlaps'])} of the moments looked at, one a second",
        "rows lost, doubled or other than at the source": (
            f"{len(found['differences'])} of 11 tables, {found['rows_compared']:,} rows compared by hash"
        ),
        "committed to visible in `trade`": _percentiles(latency),
        "memory of Airflow's four processes": f"{before:.0f} MiB, at the end {after:.0f} MiB",
    }
    schedules = ", ".join(
        f"`{each['job']}` at `{each['interval']}`" for each in found["parameters"]["schedules"]
    )
    return "\n".join(
        [
            (
                f"Measured on {said['day']} at commit {said['commit']}, {found['parameters']['minutes']:.0f} minutes,"
                f" seed {found['parameters']['seed']}: {said['processor']}, {said['memory']},"
                f" load {said['load']} at the end. Schedules: {schedules}."
            ),
            "",
            "| | |",
            "| --- | --- |",
            *(f"| {what} | {figure} |" for what, figure in rows.items()),
            "",
        ]
    )


def _memory(found: dict[str, Any]) -> tuple[float, float]:
    kept = [found["memory"][name] for name in _SERVICES if name in found["memory"]]
    return sum(each["early"] for each in kept), sum(each["late"] for each in kept)


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in counts.items())


def _worst(kills: list[dict[str, Any]], what: str) -> str:
    if not kills:
        return "none was killed"
    if any(kill[what] is None for kill in kills):
        return "**never**"
    values = sorted(kill[what] for kill in kills)
    return f"{values[len(values) // 2]:.0f} s, at the longest {values[-1]:.0f} s"


def _percentiles(latency: dict[str, float]) -> str:
    if "p50" not in latency:
        return "not measured"
    return (
        f"p50 {latency['p50']:.0f} s, p95 {latency['p95']:.0f} s, p99 {latency['p99']:.0f} s,"
        f" longest {latency['max']:.0f} s ({latency['orders']:,} orders)"
    )
