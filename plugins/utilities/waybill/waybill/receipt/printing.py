"""The receipt as tables for a person, from 80 columns up."""

from __future__ import annotations

import sys
from itertools import groupby
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from waybill.receipt.letters import COMMAND
from waybill.receipt.numbers import counted, exact

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from decimal import Decimal

    from waybill.receipt.model import MartReport, Receipt, StepReport, StreamReport

NARROWEST, WIDEST = 80, 120
_WIDE = 100
_UNBOUNDED = 1000
_UNKNOWN = "-"
_MOVEMENTS = ("new", "changed", "unchanged", "deleted", "dead")


def console() -> Console:
    """Standard output: colours on a terminal, plain text of a fixed width anywhere else."""
    if not sys.stdout.isatty():
        return Console(width=WIDEST, highlight=False, emoji=False)
    width = min(max(Console().width, NARROWEST), WIDEST)
    return Console(width=width, highlight=False, emoji=False)


def show(receipt: Receipt, out: Console) -> None:
    """Print the whole receipt."""
    out.print(f"\n[bold]Waybill[/bold] run {receipt.run_id}, {', '.join(receipt.scope)}")
    for source, reports in groupby(receipt.streams, key=lambda report: report.contract):
        _show_source(source, list(reports), out)
    if receipt.marts:
        _show_marts(receipt.marts, out)
    if receipt.steps:
        _show_steps(receipt.steps, out)
    for note in receipt.notes:
        out.print(f"note: {escape(note)}", soft_wrap=True)
    out.print()
    _show_outcome(receipt, out)


def _table(first: str, headings: Iterable[str]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column(first, overflow="fold")
    for heading in headings:
        table.add_column(heading, justify="right", no_wrap=True)
    return table


def _print(table: Table, out: Console) -> None:
    if out.width < _WIDE:
        table.padding = (0, 1, 0, 0)
    out.print()
    out.print(table)


def _width(table: Table, out: Console) -> int:
    """How wide a table is where nothing in it is folded."""
    return out.measure(table, options=out.options.update(width=_UNBOUNDED)).maximum


def _state(*, is_ok: bool) -> str:
    return "ok" if is_ok else "[bold red]differs[/bold red]"


def _figure(number: int | Decimal | None) -> str:
    return _UNKNOWN if number is None else exact(number)


def _show_source(source: str, reports: Sequence[StreamReport], out: Console) -> None:
    moved = [
        name for name in _MOVEMENTS if any(getattr(report.movement, name) for report in reports)
    ]
    rows = _streams(source, reports, moved)
    # Where all columns do not fit side by side, what became of the rows read is a table of its own.
    if moved and _width(rows, out) > out.width:
        _print(_streams(source, reports, []), out)
        read = _table(f"{source}: changes", moved)
        for report in reports:
            read.add_row(escape(report.name), *_movements(report, moved))
        _print(read, out)
    else:
        _print(rows, out)
    totals = _table("control total", ("source", "landed", ""))
    for report in reports:
        for column, landed in (report.landed.totals if report.landed else {}).items():
            at_source = report.source.totals.get(column) if report.source else None
            is_ok = not any(found.figure.endswith(f" {column}") for found in report.differences)
            name = escape(f"{report.name}.{column}")
            totals.add_row(name, _figure(at_source), exact(landed), _state(is_ok=is_ok))
    if totals.row_count:
        _print(totals, out)
    for report in reports:
        for note in report.notes:
            out.print(f"note: {escape(note)}", soft_wrap=True)


def _streams(source: str, reports: Sequence[StreamReport], moved: Sequence[str]) -> Table:
    table = _table(source, ("source", "read", *moved, "landed", ""))
    for report in reports:
        table.add_row(
            escape(report.name),
            _figure(report.source.rows if report.source else None),
            exact(report.movement.read),
            *_movements(report, moved),
            _figure(report.landed.rows if report.landed else None),
            _state(is_ok=not report.differences),
        )
    return table


def _movements(report: StreamReport, names: Sequence[str]) -> list[str]:
    return [exact(getattr(report.movement, name)) for name in names]


def _show_marts(reports: Sequence[MartReport], out: Console) -> None:
    table = _table("mart", ("origin", "mart", ""))
    for rule in reports:
        there, here = rule.expected, rule.found
        totals = there.totals if there else {}
        also = f", {counted(len(totals), 'total')}" if totals else ""
        table.add_row(
            escape(f"{rule.mart} of {rule.origin}{also}"),
            _figure(there.rows if there else None),
            _figure(here.rows if here else None),
            _state(is_ok=not any(found.figure.startswith("rows") for found in rule.differences)),
        )
        for column, total in totals.items():
            found = here.totals[column] if here else None
            if total != found:
                table.add_row(
                    escape(f"  {column}"), exact(total), _figure(found), _state(is_ok=False)
                )
    _print(table, out)


def _show_steps(steps: Sequence[StepReport], out: Console) -> None:
    table = _table("step", ("started (UTC)", "seconds", ""))
    for step in steps:
        table.add_row(
            escape(step.name),
            f"{step.started_at:%Y-%m-%d %H:%M:%S}",
            f"{step.seconds:,.1f}",
            "ok" if step.succeeded else "[bold red]failed[/bold red]",
        )
    _print(table, out)


def _show_outcome(receipt: Receipt, out: Console) -> None:
    read = sum(report.movement.read for report in receipt.streams)
    written = sum(report.movement.written for report in receipt.streams)
    if not read and not written:
        out.print("nothing new: no row was read since the last receipt")
    elif not written:
        out.print(f"nothing new: {counted(read, 'row')} read, all as they had landed before")
    if receipt.is_balanced:
        landed = sum(report.landed.rows for report in receipt.streams if report.landed)
        totals = sum(len(report.landed.totals) for report in receipt.streams if report.landed)
        dead = sum(report.dead_letters for report in receipt.streams)
        rules = counted(len(receipt.marts), "conservation rule")
        out.print(
            f"[bold green]balanced[/bold green]: {counted(landed, 'row')} and "
            f"{counted(totals, 'control total')} accounted for from source to warehouse, "
            f"{rules} kept by the marts"
            + (f", {counted(dead, 'open dead letter')}: `{COMMAND}`" if dead else ""),
            soft_wrap=True,
        )
        return
    found = receipt.all_differences
    out.print(f"[bold red]not balanced[/bold red]: {counted(len(found), 'difference')}")
    for difference in found:
        out.print(f"  {escape(str(difference))}", soft_wrap=True)
        for offender in difference.offenders:
            out.print(f"    {escape(offender)}", soft_wrap=True)
