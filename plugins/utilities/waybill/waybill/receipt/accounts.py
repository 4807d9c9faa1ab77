"""What the ledger says about the streams of a source."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from waybill.receipt.letters import Letters, letters
from waybill.receipt.model import Difference, Figures, Movement
from waybill.receipt.numbers import added, decimals, exact

if TYPE_CHECKING:
    import psycopg

# What a receipt has closed is summed already; only loads that are open are read one by one.
_ROWS = """
    with open_load as (
        select
            stream,
            sum(rows_received)::bigint as read,
            sum(rows_inserted)::bigint as new,
            sum(rows_updated)::bigint as changed,
            sum(rows_unchanged)::bigint as unchanged,
            sum(rows_superseded)::bigint as superseded,
            sum(rows_deleted)::bigint as deleted,
            sum(rows_dead)::bigint as dead
        from waybill.load
        where target_schema = %(schema)s and receipt_id is null
        group by stream
    ),

    account as (
        select
            stream,
            max(target_table) as target_table,
            sum(rows_inserted - rows_deleted)::bigint as landed,
            sum(rows_updated + rows_superseded)::bigint as replaced
        from waybill.account
        where target_schema = %(schema)s
        group by stream
    )

    select
        account.*,
        coalesce(read, 0) as read,
        coalesce(new, 0) as new,
        coalesce(changed, 0) as changed,
        coalesce(unchanged, 0) as unchanged,
        coalesce(superseded, 0) as superseded,
        coalesce(deleted, 0) as deleted,
        coalesce(dead, 0) as dead,
        (
            select load.bookmark
            from waybill.load
            where load.target_schema = %(schema)s and load.stream = account.stream
                and load.bookmark is not null
            order by load.load_id desc
            limit 1
        ) as bookmark
    from account
    left join open_load using (stream)
    order by stream
"""

# A column that became a control total later is missing from older loads: its sum is then unknown.
_TOTALS = """
    with account as (
        select stream, writes, totals, totals_counted
        from waybill.account
        where target_schema = %(schema)s
    )
    select account.stream, part.key as total, sum(part.value::numeric) as landed
    from account, jsonb_each_text(account.totals) as part
    group by account.stream, part.key
    having sum((account.totals_counted ->> part.key)::numeric)
        = (select sum(writes) from account as same where same.stream = account.stream)
"""

_READS = """
    select stream, invocation_id, rows_received, totals_received, bookmark -> 'read' as read
    from waybill.load
    where target_schema = %(schema)s
        and invocation_id in (
            select invocation_id from waybill.load
            where target_schema = %(schema)s and receipt_id is null
        )
    order by load_id
"""


@dataclass
class Account:
    """The ledger's entries of one stream, added up.

    Attributes:
        landed: What its table must hold: all that was ever inserted less what was deleted, be it
            removed or marked. Only totals that every load has kept.
        replaced: Rows that ever gave way to a later one of the same key.
        movement: What the loads did that no receipt has answered for.
        letters: Its dead letters.
        bookmark: The newest one.
        misreadings: Where the target received something else than the tap says it sent.
    """

    stream: str
    table: str
    landed: Figures
    replaced: int
    movement: Movement
    letters: Letters = field(default_factory=Letters)
    bookmark: dict[str, Any] = field(default_factory=dict)
    misreadings: tuple[Difference, ...] = ()

    @property
    def source(self) -> Figures | None:
        """What the source held at the last read, as its tap counted it without the target."""
        source = self.bookmark.get("source")
        if not source:
            return None
        return Figures(source["rows"], decimals(source.get("totals")))

    @property
    def files(self) -> dict[str, dict[str, Any]] | None:
        """Figures per file where the source is made of files."""
        return self.bookmark.get("files")


def accounts(session: psycopg.Connection[dict[str, Any]], schema: str) -> dict[str, Account]:
    """The accounts of all streams that were ever loaded into a schema, by stream."""
    bound = {"schema": schema}
    totals: dict[str, dict[str, Decimal]] = defaultdict(dict)
    for row in session.execute(_TOTALS, bound):
        totals[row["stream"]][row["total"]] = row["landed"] or Decimal(0)
    misreadings = _misreadings(session, schema)
    dead = letters(session, schema)
    found: dict[str, Account] = {}
    for row in session.execute(_ROWS, bound):
        stream = row["stream"]
        found[stream] = Account(
            stream=stream,
            table=row["target_table"],
            landed=Figures(row["landed"], totals[stream]),
            replaced=row["replaced"],
            movement=Movement(
                row["read"],
                row["new"],
                row["changed"],
                row["unchanged"],
                row["superseded"],
                row["deleted"],
                row["dead"],
            ),
            letters=dead[stream],
            bookmark=row["bookmark"] or {},
            misreadings=tuple(misreadings[stream]),
        )
    return found


def _misreadings(
    session: psycopg.Connection[dict[str, Any]], schema: str
) -> dict[str, list[Difference]]:
    """Compare what each open invocation received with what its tap says it had sent by then."""
    received: dict[tuple[str, str], Figures] = {}
    sent: dict[tuple[str, str], tuple[Figures, Figures]] = {}
    for row in session.execute(_READS, {"schema": schema}):
        key = (row["stream"], str(row["invocation_id"]))
        before = received.get(key, Figures(0, {}))
        now = Figures(
            before.rows + row["rows_received"],
            added(before.totals, decimals(row["totals_received"])),
        )
        received[key] = now
        if row["read"]:
            sent[key] = (Figures(row["read"]["rows"], decimals(row["read"].get("totals"))), now)
    found: dict[str, list[Difference]] = defaultdict(list)
    for (stream, invocation), (claimed, arrived) in sent.items():
        subject = f"{schema}.{stream}"
        where = f"received by the target (invocation {invocation})"
        for figure, expected, actual in _pairs(claimed, arrived):
            if expected != actual:
                found[stream].append(
                    Difference(
                        subject,
                        f"{figure} read",
                        f"{exact(expected)} sent by the tap",
                        f"{exact(actual)} {where}",
                    )
                )
    return found


def _pairs(claimed: Figures, arrived: Figures) -> list[tuple[str, int | Decimal, int | Decimal]]:
    pairs: list[tuple[str, int | Decimal, int | Decimal]] = [("rows", claimed.rows, arrived.rows)]
    pairs += [
        (f"sum of {column}", total, arrived.totals.get(column, Decimal(0)))
        for column, total in claimed.totals.items()
    ]
    return pairs
