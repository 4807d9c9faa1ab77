"""The steps of a run, as the ledger in schema `waybill` keeps them.

Loads and steps stay open (`run_id` is null) until a receipt closes them: a receipt answers for all
that happened since the one before it, also for what a killed run left behind.
"""

from __future__ import annotations

import datetime as dt
import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from waybill_common.connections import Connection

_INSERT_STEP = """
    insert into waybill.step (step, started_at, ended_at, succeeded, detail)
    values (%s, %s, clock_timestamp(), %s, %s::jsonb)
"""


@contextmanager
def step(connection: Connection, name: str) -> Iterator[dict[str, Any]]:
    """Record how long a step took and whether it succeeded.

    Args:
        connection: A warehouse role that may insert into `waybill.step`.
        name: The step as the job names it, such as `validate:raw`.

    Yields:
        A dict for figures worth keeping; it is stored as the step's `detail`.
        Set its key `succeeded` to False for a step that ended in good order but failed.
    """
    started_at = dt.datetime.now(tz=dt.UTC)
    detail: dict[str, Any] = {}
    succeeded = False
    try:
        yield detail
        succeeded = bool(detail.pop("succeeded", True))
    finally:
        detail.pop("succeeded", None)
        with connection.connect() as session:
            session.execute(_INSERT_STEP, (name, started_at, succeeded, json.dumps(detail)))
