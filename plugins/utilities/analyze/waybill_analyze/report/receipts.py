"""The latest receipt of each source: whether all rows and cents are accounted for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from waybill_analyze import queries, warehouse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Engine

    from waybill_common.contracts import Contract

_RECEIPTS = "status/latest_receipts"
_LANDED = "status/landed"


@dataclass(frozen=True)
class Answer:
    """What is known of a source.

    Attributes:
        rows: Landed, of all its streams.
        totals: Number of control totals that its contract has reconciled.
        dead_letters: Rows that could not land so far.
        is_balanced: What its latest receipt says.
    """

    source: str
    streams: int
    rows: int
    totals: int
    dead_letters: int
    is_balanced: bool


def latest(engine: Engine, contracts: Sequence[Contract]) -> list[Answer]:
    """The answer for each source that has landed and has a receipt, in the order of the contracts.

    Returns:
        Nothing where the warehouse has no such views, as one of marts alone.
    """
    present = warehouse.relations(engine, ["waybill_status"])
    names = {name for query in (_RECEIPTS, _LANDED) for name in queries.load(query).relations}
    if not names <= present:
        return []
    balanced: dict[str, bool] = {}
    for receipt in queries.rows(engine, _RECEIPTS).to_dict("records"):
        for source in str(receipt["scope"]).split(","):
            balanced.setdefault(source, bool(receipt["is_balanced"]))
    landed = {
        str(row["target_schema"]): row for row in queries.rows(engine, _LANDED).to_dict("records")
    }
    return [
        Answer(
            contract.source,
            streams=int(landed[contract.raw_schema]["stream_count"]),
            rows=int(landed[contract.raw_schema]["row_count"]),
            totals=sum(len(stream.control_totals) for stream in contract.streams),
            dead_letters=int(landed[contract.raw_schema]["open_letter_count"]),
            is_balanced=balanced[contract.source],
        )
        for contract in contracts
        if contract.source in balanced and contract.raw_schema in landed
    ]
