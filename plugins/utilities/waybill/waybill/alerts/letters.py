"""The rule on rows that could not land and still wait."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from psycopg.rows import dict_row

from waybill.alerts.model import Finding
from waybill_common import dead_letters

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import psycopg

    from waybill_common.contracts import Contract
    from waybill_common.dead_letters import Limit

_OPEN = """
    select
        target_schema, stream, count(*) as dead, min(created_at) as since,
        (
            select coalesce(sum(account.rows_inserted - account.rows_deleted), 0)
            from waybill.account
            where account.target_schema = letter.target_schema and account.stream = letter.stream
        )::bigint as alive
    from waybill.dead_letter as letter
    where resolved_at is null
    group by target_schema, stream
    order by target_schema, stream
"""


def waiting(
    session: psycopg.Connection[Any], contracts: Iterable[Contract], *, with_unknown: bool = True
) -> Iterator[Finding]:
    """Streams with more open dead letters than one run might leave, of all rows they ever had.

    A run that leaves too many at once fails; this finds those that add up over many runs.

    Args:
        session: In the evaluation's transaction.
        contracts: The sources.
        with_unknown: Whether a schema of none of them has the limit that holds without a contract.
    """
    names = {contract.raw_schema: contract for contract in contracts}
    with session.cursor(row_factory=dict_row) as cursor:
        counted = cursor.execute(_OPEN).fetchall()
    for row in counted:
        contract = names.get(row["target_schema"])
        if contract is None and not with_unknown:
            continue
        limit = _limit(contract, row["stream"])
        breach = limit.breach(row["dead"], row["alive"] + row["dead"])
        if not breach:
            continue
        subject = f"{contract.source if contract else row['target_schema']}.{row['stream']}"
        yield Finding(
            kind="dead_letters",
            subject=subject,
            summary=(
                f"{row['dead']:,} rows of {subject} could not land and wait, the oldest since"
                f" {row['since']:%Y-%m-%d %H:%M} UTC; {breach}"
            ),
        )


def _limit(contract: Contract | None, name: str) -> Limit:
    stream = (
        next((each for each in contract.streams if each.name == name), None) if contract else None
    )
    return (stream and stream.dead_letter_limit) or dead_letters.DEFAULT_LIMIT
