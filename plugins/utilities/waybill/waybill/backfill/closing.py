"""The receipt of a backfill: its streams as a whole, and the window on both sides."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from waybill.backfill import windows
from waybill.receipt import streams
from waybill.receipt.accounts import accounts
from waybill.receipt.model import OF_BACKFILL, Difference, Figures, Movement, Receipt, StreamReport
from waybill.receipt.numbers import counted, decimals, exact

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterator

    import psycopg

    from waybill.backfill.request import Request
    from waybill.backfill.store import Backfill
    from waybill.receipt.accounts import Account
    from waybill_common.contracts import Stream

_MOVED = """
    select
        coalesce(sum(rows_received), 0)::bigint as read,
        coalesce(sum(rows_inserted), 0)::bigint as new,
        coalesce(sum(rows_updated), 0)::bigint as changed,
        coalesce(sum(rows_unchanged), 0)::bigint as unchanged,
        coalesce(sum(rows_superseded), 0)::bigint as superseded,
        coalesce(sum(rows_deleted), 0)::bigint as deleted,
        coalesce(sum(rows_dead), 0)::bigint as dead,
        min(started_at) as began
    from waybill.load
    where target_schema = %s and stream = %s and run_id = any(%s)
"""
_KEEP = """
    insert into waybill.receipt
        (receipt_id, run_id, scope, started_at, ended_at, is_balanced, receipt)
    values (%s, %s, %s, %s, %s, %s, %s::jsonb)
"""
# What another run has landed meanwhile is for that run's receipt.
_OWN = """
    receipt_id is null and target_schema = %(schema)s and stream = any(%(streams)s)
        and run_id = any(%(runs)s)
"""
_CLOSE_LETTERS = f"""
    update waybill.dead_letter as letter set receipt_id = %(receipt)s
    from (select load_id from waybill.load where {_OWN}) as own
    where letter.load_id = own.load_id and letter.receipt_id is null
"""  # noqa: S608 - a constant
_CLOSE_LOADS = f"update waybill.load set receipt_id = %(receipt)s where {_OWN}"  # noqa: S608 - a constant
_END = """
    update waybill.backfill set ended_at = clock_timestamp(), receipt_id = %s where backfill_id = %s
"""


def issue(
    session: psycopg.Connection[dict[str, Any]],
    request: Request,
    backfill: Backfill,
    run_id: uuid.UUID,
) -> Receipt:
    """Reconcile what a backfill has loaded, keep the receipt, and end the backfill.

    Args:
        session: The warehouse as its loader, in one snapshot.
        request: The window.
        backfill: The backfill.
        run_id: The run that ends it.
    """
    ended_at = dt.datetime.now(tz=dt.UTC)
    known = accounts(session, request.contract.raw_schema)
    run_ids = [*backfill.run_ids, run_id]
    began, reports = ended_at, []
    for stream in request.streams:
        account = known.get(stream.name)
        report = streams.audit(session, request.contract, stream, account)
        bound = (request.contract.raw_schema, stream.name, run_ids)
        (moved,) = session.execute(_MOVED, bound).fetchall()
        began = min(began, moved.pop("began") or ended_at)
        report = replace(report, movement=Movement(**moved))
        if not request.over_lake:  # which has no other side: the source is not asked
            report = _with_window(session, request, stream, report, account)
        reports.append(report)
    beside = "" if request.over_lake else ", and what was new"
    receipt = Receipt(
        receipt_id=str(backfill.backfill_id),
        run_id=str(run_id),
        scope=(f"{OF_BACKFILL}{request.contract.source}",),
        started_at=began,
        ended_at=ended_at,
        streams=tuple(reports),
        marts=(),
        steps=(),
        notes=(f"{request.contract.source}: {request}{beside}.",),
    )
    _keep(session, request, receipt, run_ids)
    return receipt


def _keep(
    session: psycopg.Connection[dict[str, Any]],
    request: Request,
    receipt: Receipt,
    run_ids: list[uuid.UUID],
) -> None:
    session.execute(
        _KEEP,
        (
            *(
                receipt.receipt_id,
                receipt.run_id,
                receipt.scope[0],
                receipt.started_at,
                receipt.ended_at,
            ),
            *(receipt.is_balanced, receipt.to_json()),
        ),
    )
    bound = {
        "receipt": receipt.receipt_id,
        "schema": request.contract.raw_schema,
        "streams": request.names,
        "runs": run_ids,
    }
    for statement in (_CLOSE_LETTERS, _CLOSE_LOADS):
        session.execute(statement.encode(), bound)
    session.execute(_END, (receipt.receipt_id, receipt.receipt_id))


def _with_window(
    session: psycopg.Connection[dict[str, Any]],
    request: Request,
    stream: Stream,
    report: StreamReport,
    account: Account | None,
) -> StreamReport:
    """The report with what the window holds on either side, as a note or as a difference."""
    if account is None or report.landed is None:
        return report
    bookmark = account.bookmark
    entries = {
        name: entry
        for name, entry in (bookmark.get("files") or {}).items()
        if request.has_file(name)
    }
    source = _sum(entries.values() if request.is_by_file else [bookmark.get("window") or {}])
    landed = windows.landed(session, request, stream, account.table, list(entries))
    words = f"{counted(source.rows, 'row')} at the source, {exact(landed.rows)} landed"
    # A dead letter has no row, and a row that a later file stands for is of that file.
    slack = report.dead_letters + (report.overlaid if request.is_by_file else 0)
    found = tuple(_unequal(f"{request.contract.raw_schema}.{stream.name}", source, landed, slack))
    return replace(
        report,
        notes=(*report.notes, f"{stream.name}: in the window {words}."),
        differences=(*report.differences, *found),
    )


def _sum(parts: Any) -> Figures:
    rows = 0
    totals: dict[str, Decimal] = {}
    for part in parts:
        rows += int(part.get("rows") or 0)
        for name, total in decimals(part.get("totals")).items():
            totals[name] = totals.get(name, Decimal(0)) + total
    return Figures(rows, totals)


def _unequal(subject: str, source: Figures, landed: Figures, slack: int) -> Iterator[Difference]:
    if abs(source.rows - landed.rows) > slack:
        yield Difference(
            subject,
            "rows in the window",
            f"{exact(source.rows)} at the source",
            f"{exact(landed.rows)} landed",
        )
    if slack:
        return
    for name, total in source.totals.items():
        if name in landed.totals and landed.totals[name] != total:
            yield Difference(
                subject,
                f"sum of {name} in the window",
                f"{exact(total)} at the source",
                f"{exact(landed.totals[name])} landed",
            )
