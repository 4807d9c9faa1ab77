"""What the ledger holds of the last run."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conftest import Project

LOADS = """
    select stream, sum(rows_received), sum(rows_inserted), sum(rows_updated)
    from waybill.load
    where receipt_id = (select receipt_id from waybill.receipt order by ended_at desc limit 1)
    group by stream
    having sum(rows_received) > 0
"""


def receipt(project: Project) -> tuple[bool, dict[str, object]]:
    """Whether the last receipt is balanced, and what it says."""
    is_balanced, said = project.rows(
        "select is_balanced, receipt from waybill.receipt order by ended_at desc limit 1"
    )[0]
    return is_balanced, said
