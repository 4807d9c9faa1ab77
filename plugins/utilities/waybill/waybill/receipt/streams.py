"""One stream: its source, the ledger and its raw table must agree."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from waybill.receipt import offenders, tables
from waybill.receipt.letters import COMMAND
from waybill.receipt.model import Difference, Figures, Movement, StreamReport
from waybill.receipt.numbers import counted, exact
from waybill_common import heartbeats

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

    from waybill.receipt.accounts import Account
    from waybill_common.contracts import Contract, Stream


def audit(
    session: psycopg.Connection[dict[str, Any]],
    contract: Contract,
    stream: Stream,
    account: Account | None,
) -> StreamReport:
    """Reconcile a stream of a contract.

    Args:
        session: Inside the receipt's snapshot.
        contract: The contract of the stream's source.
        stream: What the contract promises of it.
        account: What the ledger says of it, or None where it was never loaded.
    """
    subject = f"{contract.raw_schema}.{stream.name}"
    if account is None:
        never = Difference(subject, "loads", "at least one", "none: it was never loaded")
        return _absent(contract, stream, Movement(), None, never)
    present = tables.columns(session, contract.raw_schema, account.table)
    if not present:
        expected = f"{counted(account.landed.rows, 'row')} in the ledger"
        missing = Difference(subject, "rows", expected, "no such table in the warehouse")
        return _absent(contract, stream, account.movement, account.source, missing)
    totals = [column for column in stream.control_totals if column in present]
    landed = tables.figures(
        session,
        contract.raw_schema,
        account.table,
        totals,
        has_marks=tables.DELETED_AT in present,
    )
    found = [
        *_missing_columns(subject, stream, present),
        *_against_ledger(subject, account, landed),
        *_against_source(subject, stream, account, landed),
    ]
    if found:
        named = offenders.first(session, contract, stream, account, present)
        found[0] = _with_offenders(found[0], named)
    return StreamReport(
        contract=contract.source,
        name=stream.name,
        table=account.table,
        source=account.source,
        movement=account.movement,
        landed=landed,
        overlaid=_overlaid(account, landed),
        dead_letters=account.letters.open,
        differences=(*found, *account.misreadings),
        notes=tuple(_notes(stream, account, landed)),
    )


def audit_uncontracted(
    session: psycopg.Connection[dict[str, Any]], contract: Contract, account: Account
) -> StreamReport:
    """Reconcile a stream that was loaded next to those of the contract, by its rows alone."""
    subject = f"{contract.raw_schema}.{account.stream}"
    landed = None
    found: list[Difference] = []
    if present := tables.columns(session, contract.raw_schema, account.table):
        landed = tables.figures(
            session,
            contract.raw_schema,
            account.table,
            (),
            has_marks=tables.DELETED_AT in present,
        )
        rows = Figures(account.landed.rows, {})
        found += _unequal(subject, rows, "in the ledger", landed, "landed")
    else:
        expected = f"{counted(account.landed.rows, 'row')} in the ledger"
        found.append(Difference(subject, "rows", expected, "no such table in the warehouse"))
    return StreamReport(
        contract=contract.source,
        name=account.stream,
        table=account.table,
        source=account.source,
        movement=account.movement,
        landed=landed,
        dead_letters=account.letters.open,
        differences=(*found, *account.misreadings),
        notes=(*_uncontracted(account), *_dead(account)),
    )


def _uncontracted(account: Account) -> Iterator[str]:
    if account.stream != heartbeats.TABLE:
        yield f"{account.stream} is not in the contract: only its rows are checked."


def _absent(
    contract: Contract,
    stream: Stream,
    movement: Movement,
    source: Figures | None,
    difference: Difference,
) -> StreamReport:
    return StreamReport(
        contract=contract.source,
        name=stream.name,
        table=stream.name,
        source=source,
        movement=movement,
        landed=None,
        differences=(difference,),
    )


def _missing_columns(subject: str, stream: Stream, present: set[str]) -> Iterator[Difference]:
    for column in stream.control_totals:
        if column not in present:
            yield Difference(
                subject, f"sum of {column}", "a control total", "no such column in the warehouse"
            )


def _against_ledger(subject: str, account: Account, landed: Figures) -> Iterator[Difference]:
    known = {
        column: total for column, total in account.landed.totals.items() if column in landed.totals
    }
    ledger = Figures(account.landed.rows, known)
    yield from _unequal(subject, ledger, "in the ledger", landed, "landed")


def _against_source(
    subject: str, stream: Stream, account: Account, landed: Figures
) -> Iterator[Difference]:
    if account.source is None:
        yield Difference(subject, "rows", "a count by the tap", "none in the stream's bookmark")
        return
    source = account.letters.landing(account.source)
    overlaid = source.rows - landed.rows
    can_overlay = bool(account.files) and bool(stream.key)
    if can_overlay and 0 < overlaid <= account.replaced:
        # The totals of rows that others stand for are unknown; the ledger answers for the rest.
        return
    known = {column: total for column, total in source.totals.items() if column in landed.totals}
    by = "at the source"
    if account.letters.open:
        by += f", {counted(account.letters.open, 'dead letter')} left out"
    yield from _unequal(subject, Figures(source.rows, known), by, landed, "landed")


def _unequal(
    subject: str, expected: Figures, by: str, found: Figures, where: str
) -> Iterator[Difference]:
    if expected.rows != found.rows:
        yield Difference(
            subject, "rows", f"{exact(expected.rows)} {by}", f"{exact(found.rows)} {where}"
        )
    for column, total in expected.totals.items():
        actual = found.totals.get(column, Decimal(0))
        if total != actual:
            yield Difference(
                subject, f"sum of {column}", f"{exact(total)} {by}", f"{exact(actual)} {where}"
            )


def _overlaid(account: Account, landed: Figures) -> int:
    if account.source is None or not account.files:
        return 0
    source = account.letters.landing(account.source)
    return min(max(source.rows - landed.rows, 0), account.replaced)


def _notes(stream: Stream, account: Account, landed: Figures) -> Iterator[str]:
    movement = account.movement
    if movement.superseded:
        rows = counted(movement.superseded, "row")
        yield f"{stream.name}: {rows} superseded by a later row of the same key and transaction."
    if movement.deleted:
        yield f"{stream.name}: {counted(movement.deleted, 'row')} deleted, gone from the source."
    yield from _dead(account)
    if overlaid := _overlaid(account, landed):
        rows = counted(overlaid, "row")
        yield f"{stream.name}: {rows} of the source replaced by a row of the same key in a later file."
    unknown = [column for column in landed.totals if column not in account.landed.totals]
    if unknown and landed.rows:
        yield f"{stream.name}: the ledger lacks the sum of {', '.join(unknown)} for some loads."


def _dead(account: Account) -> Iterator[str]:
    if account.letters.open:
        letters = counted(account.letters.open, "open dead letter")
        yield f"{account.stream}: {letters}, what could not land: `{COMMAND}`."
    for column, change in account.letters.change.items():
        if change:
            off = f"the sum of {column} is {exact(change)} off the source's"
            yield f"{account.stream}: by dead letters, {off}."


def _with_offenders(difference: Difference, named: tuple[str, ...]) -> Difference:
    return Difference(
        difference.subject, difference.figure, difference.expected, difference.found, named
    )
