"""The latest receipt of each source: whether all rows and cents are accounted for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg

from waybill_common import connections
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

_BACKFILL = "backfill of %"
_RECEIPTS = """
    select scope, is_balanced, receipt
    from waybill.receipt
    where scope not like %s
    order by ended_at desc
    limit 200
"""


@dataclass(frozen=True)
class Answer:
    """What the latest receipt says of a source.

    Attributes:
        rows: Landed, of all its streams.
        totals: Number of control totals that were compared.
        dead_letters: Rows that could not land so far.
        rules: Number of conservation rules of the receipt's marts.
    """

    source: str
    is_balanced: bool
    streams: int
    rows: int
    totals: int
    dead_letters: int
    rules: int


def latest(sources: Collection[str]) -> list[Answer]:
    """The answers by source, as the role `auditor` reads them.

    Args:
        sources: Ids of contracts.

    Returns:
        Nothing where the ledger cannot be read, as on a machine that only has the reader's login.
    """
    try:
        with connections.warehouse("auditor").connect() as session:
            rows = session.execute(_RECEIPTS, (_BACKFILL,)).fetchall()
    except (WaybillError, psycopg.errors.InsufficientPrivilege, psycopg.errors.UndefinedTable):
        return []
    return read(rows, sources)


def read(rows: Iterable[tuple[str, bool, dict[str, Any]]], sources: Collection[str]) -> list[Answer]:
    """The first answer for each source among receipts, the newest of which comes first."""
    found: dict[str, Answer] = {}
    for scope, is_balanced, receipt in rows:
        for source in scope.split(","):
            if source in sources and source not in found:
                found[source] = _answer(source, receipt, is_balanced=is_balanced)
    return [found[source] for source in sorted(found)]


def _answer(source: str, receipt: dict[str, Any], *, is_balanced: bool) -> Answer:
    streams = [each for each in receipt["streams"] if each["contract"] == source]
    return Answer(
        source,
        is_balanced,
        streams=len(streams),
        rows=sum((each["landed"] or {}).get("rows", 0) for each in streams),
        totals=sum(len((each["landed"] or {}).get("totals", {})) for each in streams),
        dead_letters=sum(each.get("dead_letters", 0) for each in streams),
        rules=len(receipt["marts"]),
    )
