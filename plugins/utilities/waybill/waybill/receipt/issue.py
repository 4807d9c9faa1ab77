"""Issue a receipt: count everything in one snapshot, and close what it answers for."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import set_json_loads

from waybill.receipt import manifest, marts, streams
from waybill.receipt.accounts import accounts
from waybill.receipt.model import Difference, Receipt
from waybill.receipt.steps import close_steps, open_steps
from waybill_common import connections, contracts, project
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from waybill.receipt.model import MartReport, StreamReport
    from waybill_common.contracts import Contract
    from waybill_common.ledger import Step

_INSERT_RECEIPT = """
    insert into waybill.receipt (
        receipt_id, run_id, scope, started_at, ended_at, is_balanced, receipt
    )
    values (%s, %s, %s, %s, %s, %s, %s::jsonb)
"""
_CLOSE_LOADS = (
    "update waybill.load set receipt_id = %s where receipt_id is null and target_schema = any(%s)"
)
_CLOSE_LETTERS = """
    update waybill.dead_letter set receipt_id = %s
    where receipt_id is null and target_schema = any(%s)
"""


def issue(sources: Sequence[str], own: Step) -> Receipt:
    """Reconcile sources, keep the receipt in `waybill.receipt`, and close their loads and all steps.

    Args:
        sources: Ids of contracts; none means all.
        own: The step that issues it.

    Raises:
        WaybillError: The receipt could not be made. Nothing is closed then.
    """
    chosen = _chosen(sources)
    with connections.warehouse("auditor").connect(row_factory=dict_row) as session:
        session.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        set_json_loads(partial(json.loads, parse_float=Decimal), session)
        try:
            receipt = _reconciled(session, chosen, own)
            _close(session, receipt, [contract.raw_schema for contract in chosen], own)
            session.commit()
        except psycopg.errors.SerializationFailure as error:
            msg = "Another receipt closed the same loads at the same time."
            raise WaybillError(msg, "Run `meltano invoke waybill:receipt` again.") from error
        except psycopg.Error as error:
            msg = f"The receipt could not be made: {str(error).splitlines()[0]}."
            raise WaybillError(
                msg, "Nothing was closed; mend the cause and run it again."
            ) from error
    _keep(receipt)
    return receipt


def _chosen(sources: Sequence[str]) -> tuple[Contract, ...]:
    known = {contract.source: contract for contract in contracts.load_all()}
    if unknown := sorted(set(sources) - known.keys()):
        msg = f"No contract in extract/contracts has the id {', '.join(unknown)}."
        raise WaybillError(msg, f"Name one of: {', '.join(known)}.")
    return tuple(contract for name, contract in known.items() if not sources or name in sources)


def _reconciled(
    session: psycopg.Connection[dict[str, Any]], chosen: Sequence[Contract], own: Step
) -> Receipt:
    schemas = [contract.raw_schema for contract in chosen]
    steps = open_steps(session, schemas, own)
    reports = [report for contract in chosen for report in _streams(session, contract)]
    checked, differences, notes = _marts(session, schemas, _other_domains(chosen))
    ended_at = dt.datetime.now(tz=dt.UTC)
    return Receipt(
        receipt_id=str(uuid.uuid4()),
        run_id=str(own.run.run_id),
        scope=tuple(contract.source for contract in chosen),
        started_at=min((step.started_at for step in steps), default=ended_at),
        ended_at=ended_at,
        streams=tuple(reports),
        marts=tuple(checked),
        steps=steps,
        differences=tuple(differences),
        notes=tuple(notes),
    )


def _streams(
    session: psycopg.Connection[dict[str, Any]], contract: Contract
) -> Iterator[StreamReport]:
    ledger = accounts(session, contract.raw_schema)
    for stream in contract.streams:
        yield streams.audit(session, contract, stream, ledger.pop(stream.name, None))
    for account in ledger.values():
        yield streams.audit_uncontracted(session, contract, account)


def _other_domains(chosen: Sequence[Contract]) -> set[str]:
    """Domains whose marts are left to receipts of their own.

    Such a mart may come from a chosen source too, as amounts come from exchange rates; whether it is
    built is the matter of another job.
    """
    known = {contract.domain for contract in contracts.load_all()}
    return known - {contract.domain for contract in chosen}


def _marts(
    session: psycopg.Connection[dict[str, Any]], schemas: Sequence[str], left_out: set[str]
) -> tuple[list[MartReport], list[Difference], list[str]]:
    file = manifest.path()
    if not file.is_file():
        missing = Difference("marts", "models", f"a manifest at {file}", "none: marts not built")
        return [], [missing], []
    in_scope = [
        rule
        for rule in manifest.rules(file)
        if not rule.source_schemas.isdisjoint(schemas) and rule.mart.schema not in left_out
    ]
    led_to = {schema for rule in in_scope for schema in rule.source_schemas}
    notes = [
        f"{schema}: no mart declares a conservation rule for it."
        for schema in schemas
        if schema not in led_to
    ]
    return [marts.audit(session, rule) for rule in in_scope], [], notes


def _close(
    session: psycopg.Connection[dict[str, Any]], receipt: Receipt, schemas: list[str], own: Step
) -> None:
    session.execute(
        _INSERT_RECEIPT,
        (
            receipt.receipt_id,
            receipt.run_id,
            ",".join(receipt.scope),
            receipt.started_at,
            receipt.ended_at,
            receipt.is_balanced,
            receipt.to_json(),
        ),
    )
    session.execute(_CLOSE_LOADS, (receipt.receipt_id, schemas))
    session.execute(_CLOSE_LETTERS, (receipt.receipt_id, schemas))
    close_steps(session, receipt.receipt_id, own)


def _keep(receipt: Receipt) -> None:
    folder = project.home() / "receipts"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{receipt.receipt_id}.json").write_text(receipt.to_json() + "\n", encoding="utf-8")
