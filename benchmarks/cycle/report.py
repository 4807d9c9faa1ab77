"""What a cycle costs: kept and told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks import results

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = results.FOLDER / "cycle"
_KINDS = ("empty", "changed")
_FIGURES = ("cpu", "wall")


def write(found: dict[str, Any], path: Path | None) -> Path:
    """Keep it, where the documents look for it if no path is given."""
    return results.keep(found, path, FOLDER)


def newest() -> dict[str, Any] | None:
    """The cycle that docs/freshness.md shows."""
    return results.newest_in(FOLDER)


def text(found: dict[str, Any]) -> str:
    """The table for a terminal and for docs/freshness.md."""
    before = found.get("before")
    parameters = found["parameters"]
    kinds = {
        "empty": "nothing new",
        "changed": f"{parameters['orders']} orders",
    }
    heads = [f"{kinds[kind]}, {what}" for kind in _KINDS for what in ("CPU s", "s")]
    steps = list(dict.fromkeys([*found["changed"], *found["empty"]]))
    lines = [
        _measured(found, "Measured"),
        *([_measured(before, "Before the arrow: measured")] if before else ()),
        "",
        f"| step | {' | '.join(heads)} |",
        "| --- |" + " ---: |" * len(heads),
        *(f"| {_named(step)} | {' | '.join(_figures(found, before, step))} |" for step in steps),
        "",
    ]
    return "\n".join(lines)


def _measured(found: dict[str, Any], how: str) -> str:
    said, parameters = found["machine"], found["parameters"]
    return (
        f"{how} on {said['day']} at commit {said['commit']}: {said['processor']}, {said['memory']},"
        f" load {said['load']}; median of {parameters['repeat']} runs of each kind."
    )


def _named(step: str) -> str:
    return f"`{step}`" if ":" in step or "-" in step else step


def _figures(found: dict[str, Any], before: dict[str, Any] | None, step: str) -> list[str]:
    figures = []
    for kind in _KINDS:
        for what in _FIGURES:
            now = _figure(found, kind, step, what)
            then = f"{_figure(before, kind, step, what)} → " if before else ""
            figures.append(f"{then}{now}")
    return figures


def _figure(found: dict[str, Any], kind: str, step: str, what: str) -> str:
    cost = found[kind].get(step, {}).get(what)
    return "-" if cost is None else f"{cost:.1f}"
