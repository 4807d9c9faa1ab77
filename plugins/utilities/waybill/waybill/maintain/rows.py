"""Old rows of the ledger, in one transaction that a dry run takes back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from waybill.maintain.removed import Removed

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

    from waybill.maintain.keeping import Keeping

# The last run of a job stays: by it one sees that it has not run for long.
_OLD_RUNS = """
    select run.run_id
    from waybill.run as run
    where run.ended_at < %(before)s and exists (
        select from waybill.run as later
        where later.job = run.job and later.schedule is not distinct from run.schedule
            and later.started_at > run.started_at
    )
"""


@dataclass(frozen=True)
class _Kind:
    what: str
    table: str
    kept: Literal["runs", "receipts"]
    statement: str


_KINDS = (
    _Kind(
        "results of quality checks",
        "waybill.expectation_result",
        "runs",
        f"delete from waybill.expectation_result where run_id in ({_OLD_RUNS})",  # noqa: S608 - a constant
    ),
    _Kind(
        "results of dbt nodes",
        "waybill.dbt_result",
        "runs",
        f"delete from waybill.dbt_result where run_id in ({_OLD_RUNS})",  # noqa: S608 - a constant
    ),
    _Kind(
        "steps",
        "waybill.step",
        "runs",
        f"delete from waybill.step where run_id in ({_OLD_RUNS})",  # noqa: S608 - a constant
    ),
    _Kind(
        "runs",
        "waybill.run",
        "runs",
        f"delete from waybill.run where run_id in ({_OLD_RUNS})",  # noqa: S608 - a constant
    ),
    _Kind(
        "incidents that are over",
        "waybill.incident",
        "runs",
        "delete from waybill.incident where closed_at < %(before)s",
    ),
    _Kind(
        "measurements of freshness",
        "waybill.freshness",
        "runs",
        "delete from waybill.freshness where measured_at < %(before)s",
    ),
    _Kind(
        "backfills that are over",
        "waybill.backfill",
        "receipts",
        "delete from waybill.backfill where ended_at < %(before)s",
    ),
    # Loads point to their receipts, and one without a receipt would count as new.
    _Kind(
        "details of receipts",
        "waybill.receipt",
        "receipts",
        """
        update waybill.receipt as old
        set receipt = receipt - array['streams', 'marts', 'steps', 'differences', 'notes']
        where ended_at < %(before)s and receipt ? 'streams' and exists (
            select from waybill.receipt as later
            where later.scope = old.scope and later.ended_at > old.ended_at
        )
        """,
    ),
    _Kind(
        "bookmarks of loads that are not the last",
        "waybill.load",
        "receipts",
        """
        update waybill.load as old set bookmark = null
        where committed_at < %(before)s and bookmark is not null and receipt_id is not null
            and exists (
                select from waybill.load as later
                where later.target_schema = old.target_schema and later.stream = old.stream
                    and later.load_id > old.load_id and later.bookmark is not null
            )
        """,
    ),
)


def remove(session: psycopg.Connection[Any], keeping: Keeping) -> Iterator[Removed]:
    """Remove what is older than it is kept, in the open transaction.

    Args:
        session: The warehouse as its loader.
        keeping: For how long.
    """
    for kind in _KINDS:
        found = session.execute("select to_regclass(%s) is not null", (kind.table,)).fetchone()
        if not (found and found[0]):
            continue
        kept = getattr(keeping, kind.kept)
        done = session.execute(kind.statement.encode(), {"before": keeping.now - kept})
        yield Removed(kind.what, done.rowcount, kept=kept)
