"""What became of the last runs: as a table, as the steps of one run, or as JSON."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from typing import TYPE_CHECKING, Any

from psycopg.rows import dict_row
from rich.table import Table

from waybill_common import abandoned, connections, durations
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from rich.console import Console

_RUNS = """
    select
        run.*,
        coalesce(ended_at, clock_timestamp()) - started_at as took,
        coalesce(
            (
                select jsonb_build_object(
                    'rows', sum((detail ->> 'rows')::bigint),
                    'bytes', sum((detail ->> 'bytes')::bigint)
                )
                from waybill.step
                where step.run_id = run.run_id and status = 'succeeded' and step like 'load%%'
            ),
            '{}'
        ) as landed,
        (
            select receipt.is_balanced from waybill.receipt
            where receipt.run_id = run.run_id order by receipt.ended_at desc limit 1
        ) as is_balanced
    from waybill.run
    where %(run)s::text is null or starts_with(run.run_id::text, %(run)s)
    order by started_at desc
    limit %(limit)s
"""
_STEPS = """
    select
        step_id, step, attempt, status, started_at, ended_at, cause, detail,
        coalesce(ended_at, clock_timestamp()) - started_at as took
    from waybill.step
    where run_id = %s
    order by step_id
"""
_SLOWEST = """
    select unique_id, status, seconds, rows_affected, message
    from waybill.dbt_result
    where run_id = %s
    order by status in ('error', 'fail') desc, seconds desc, unique_id
    limit 5
"""
_BROKEN = """
    select suite, rule, table_name, column_name, severity, unexpected, observed
    from waybill.expectation_result
    where run_id = %s and not succeeded
    order by severity, table_name, rule
"""
_COLOURS = {"succeeded": "green", "failed": "red", "lost": "red", "running": "yellow"}
_SHORT = 8
"""Digits of a run's id that the table shows; `--run` takes as few."""
_KILO = 1024


def find(limit: int, run: str | None = None) -> list[dict[str, Any]]:
    """The last runs; with an id or its beginning, that one with all that is known of it.

    Raises:
        WaybillError: There is no such run, or more than one.
    """
    with connections.warehouse("auditor").connect(row_factory=dict_row) as session:
        abandoned.close(session)
        found = session.execute(_RUNS, {"run": run, "limit": limit}).fetchall()
        if run is None:
            return found
        if len(found) != 1:
            msg = f"{'More than one run' if found else 'No run'} has an id that begins with {run}."
            raise WaybillError(msg, "`meltano invoke waybill:history` lists the last ones.")
        for name, query in (("steps", _STEPS), ("nodes", _SLOWEST), ("broken_rules", _BROKEN)):
            found[0][name] = session.execute(query, (found[0]["run_id"],)).fetchall()
        return found


def as_json(runs: list[dict[str, Any]]) -> str:
    """The runs for programs: times in ISO 8601, durations in seconds."""
    return json.dumps(runs, default=_plain, ensure_ascii=False, indent=2)


def show(runs: list[dict[str, Any]], out: Console) -> None:
    """Print a table with a row for each run, and why the failed ones failed."""
    table = Table(box=None, pad_edge=False)
    for name in ("run", "job", "by", "started", "took", "rows", "status"):
        table.add_column(name, justify="right" if name in {"took", "rows"} else "left")
    for run in runs:
        table.add_row(
            str(run["run_id"])[:_SHORT],
            run["schedule"] or run["job"],
            run["started_by"],
            f"{run['started_at']:%Y-%m-%d %H:%M:%S}",
            _span(run["took"]),
            _count(run["landed"].get("rows")),
            _status(run["status"]),
        )
    out.print(table if runs else "No run is in the ledger yet: start one with `meltano run elt`.")
    for run in runs:
        if run["cause"]:
            out.print(f"{str(run['run_id'])[:_SHORT]} {_why(run)}", markup=False, soft_wrap=True)


def show_one(run: dict[str, Any], out: Console) -> None:
    """Print the steps of one run, its slowest models, and the rules that it broke."""
    by = f"{run['started_by']} on {run['host']}"
    versions = ", ".join(f"{name} {version}" for name, version in sorted(run["versions"].items()))
    out.print(f"run {run['run_id']}: {run['job']}, {_status(run['status'])}", soft_wrap=True)
    out.print(f"started {run['started_at']:%Y-%m-%d %H:%M:%S} UTC by {by}, {_span(run['took'])}")
    out.print(f"commit {run['git_commit'] or 'unknown'}; {versions}", soft_wrap=True)
    if run["log_url"]:
        out.print(f"log {run['log_url']}", markup=False, soft_wrap=True)
    table = Table(box=None, pad_edge=False)
    for name in ("step", "started", "took", "rows", "bytes", "status"):
        table.add_column(name, justify="right" if name in {"took", "rows", "bytes"} else "left")
    for step in run["steps"]:
        attempt = f" (attempt {step['attempt']})" if step["attempt"] > 1 else ""
        table.add_row(
            step["step"] + attempt,
            f"{step['started_at']:%H:%M:%S}",
            _span(step["took"]),
            _count(step["detail"].get("rows")),
            _size(step["detail"].get("bytes")),
            _status(step["status"]),
        )
    out.print(table)
    for node in run["nodes"]:
        line = f"dbt {node['unique_id']}: {node['status']} in {node['seconds']:.1f} s"
        out.print(f"{line} {node['message'] or ''}".rstrip(), markup=False, soft_wrap=True)
    for rule in run["broken_rules"]:
        seen = rule["observed"] or "no more is known"
        line = f"{rule['severity']} {rule['table_name']}: {rule['rule']}: {seen}"
        out.print(line, markup=False, soft_wrap=True)
    if run["cause"]:
        out.print(_why(run), markup=False, soft_wrap=True)


def _why(run: dict[str, Any]) -> str:
    return f"{run['status']} at {run['failed_step'] or 'no step'}: {run['cause']}"


def _status(status: str) -> str:
    return f"[{_COLOURS[status]}]{status}[/]"


def _span(span: dt.timedelta) -> str:
    seconds = span.total_seconds()
    return f"{seconds:.1f} s" if seconds < 60 else durations.in_words(span)  # noqa: PLR2004


def _count(number: int | None) -> str:
    return "" if number is None else f"{number:,}"


def _size(number: int | None) -> str:
    if not number:
        return ""
    size = float(number)
    for unit in ("B", "kB", "MB"):
        if size < _KILO:
            return f"{size:.0f} {unit}"
        size /= _KILO
    return f"{size:,.1f} GB"


def _plain(value: Any) -> str | float:
    match value:
        case dt.timedelta():
            return value.total_seconds()
        case dt.datetime():
            return value.isoformat()
        case uuid.UUID():
            return str(value)
        case _:
            return float(value)
