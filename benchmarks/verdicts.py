"""The targets of the lane, and whether measured results meet them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.contenders import ALONE, EMPTY, MELTANO, WAYBILL
from benchmarks.results import FLOOR

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.results import CaseResult, Results

_RATIOS = {
    "csv-first": ("first load of a CSV file, pipe, to `\\copy` and key", 1.2),
    "csv-same": ("the same file again, nothing changed", 2.0),
    "csv-all": ("the same file again, every row changed", 4.0),
    "postgres-first": ("first load of a table, pipe, to COPY binary and key", 1.3),
    "olist": ("the nine real files, pipe, to nine `\\copy`", 3.0),
}
_CHANGE_SECONDS = 1.0
_MELTANO_SECONDS = 1.5
_PEAK_MIB = 128.0
_LINEAR = 1.1
"""Time a row at the largest size over that at the smallest, with room for noise."""
_LANES = (WAYBILL, MELTANO, EMPTY, ALONE, FLOOR)


@dataclass(frozen=True)
class Verdict:
    """A target and what was measured.

    Attributes:
        target: What is to be so, in words.
        measured: What it is, with its unit.
        limit: What it may be.
        is_met: Whether it is so.
    """

    target: str
    measured: str
    limit: str
    is_met: bool


def all_of(found: Results) -> list[Verdict]:
    """The verdict on each target whose cases were measured, in the order of the targets."""
    return [
        *_ratios(found),
        *_changes(found),
        *_meltano(found),
        *_scale(found),
        *_memory(found),
        *_peers(found),
    ]


def _ratios(found: Results) -> Iterator[Verdict]:
    for name, (target, limit) in _RATIOS.items():
        case = found.cases.get(name)
        if case and case.has(WAYBILL, FLOOR):
            ratio = case.ratio(WAYBILL)
            yield Verdict(target, f"{ratio:.2f} x", f"≤ {limit} x", ratio <= limit)


def _changes(found: Results) -> Iterator[Verdict]:
    case = found.cases.get("postgres-changed")
    if case and case.has(WAYBILL, EMPTY):
        above = case.difference(WAYBILL, EMPTY)
        target = f"1,000 changed of {case.rows:,} rows, above an empty pipe"
        yield Verdict(target, f"{above:.2f} s", f"≤ {_CHANGE_SECONDS} s", above <= _CHANGE_SECONDS)


def _meltano(found: Results) -> Iterator[Verdict]:
    for name, case in found.cases.items():
        if case.has(WAYBILL, MELTANO):
            above = case.difference(MELTANO, WAYBILL)
            target = f"`meltano run` above the pipe, {name}, {case.rows:,} rows"
            limit = f"≤ {_MELTANO_SECONDS} s"
            yield Verdict(target, f"{above:.2f} s", limit, above <= _MELTANO_SECONDS)


def sizes(found: Results, kind: str) -> list[CaseResult]:
    """The first loads of a kind, `csv` or `postgres`, by size."""
    cases = [
        case
        for name, case in found.cases.items()
        if name.startswith(f"{kind}-first") and case.has(WAYBILL, FLOOR)
    ]
    return sorted(cases, key=lambda case: case.rows)


def _scale(found: Results) -> Iterator[Verdict]:
    for kind in ("csv", "postgres"):
        cases = sizes(found, kind)
        if len(cases) > 1:
            small, large = cases[0], cases[-1]
            growth = large.entries[WAYBILL].seconds / large.rows
            growth /= small.entries[WAYBILL].seconds / small.rows
            target = f"{kind}: time a row at {large.rows:,} rows to that at {small.rows:,}"
            yield Verdict(target, f"{growth:.2f} x", f"≤ {_LINEAR} x", growth <= _LINEAR)
            first, last = small.ratio(WAYBILL), large.ratio(WAYBILL)
            target = f"{kind}: the ratio falls with size"
            yield Verdict(target, f"{first:.2f} x to {last:.2f} x", "falls", last <= first)


def _memory(found: Results) -> Iterator[Verdict]:
    cases = [*sizes(found, "csv"), *sizes(found, "postgres")]
    for process in ("tap", "target") if cases else ():
        peak = max(case.entries[WAYBILL].peak_mib(process) for case in cases)
        target = f"peak memory of the {process} at every size"
        yield Verdict(target, f"{peak:.0f} MiB", f"< {_PEAK_MIB:.0f} MiB", peak < _PEAK_MIB)


def _peers(found: Results) -> Iterator[Verdict]:
    for name, case in found.cases.items():
        peers = [peer for peer in case.entries if peer not in _LANES and case.has(peer)]
        if not case.has(MELTANO) or not peers:
            continue
        ahead = {peer: case.ratio(peer, to=MELTANO) for peer in peers}
        nearest = min(ahead, key=lambda peer: ahead[peer])
        target = f"{name}: ahead of every peer, bare, even by `meltano run`"
        measured = f"{nearest} takes {ahead[nearest]:.2f} x of Waybill's time"
        yield Verdict(target, measured, "> 1 x", ahead[nearest] > 1)
