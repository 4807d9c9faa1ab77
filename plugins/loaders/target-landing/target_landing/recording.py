"""The target as a step of a run, where there is a ledger that can be reached."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING

from waybill_common import command_steps, connections, ledger, runs
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from target_landing.received import Receiving

logger = logging.getLogger(__name__)


def begin(receiving: Receiving, source: str) -> str | None:
    """Begin the step, where the target is one of a run; returns the run's id.

    A lake needs no warehouse: where none answers, the step is in no ledger.

    Args:
        receiving: What it receives is counted here.
        source: What it lands.
    """
    run = runs.current()
    stack = command_steps.current()
    if stack is None or not run.is_of_job:
        return None
    try:
        login = connections.warehouse("loader")
        login.connect().close()
    except WaybillError as error:
        logger.info("This step is in no ledger: %s", error.cause)
    else:
        stack.enter_context(_step(login, receiving, source))
    return str(run.run_id)


@contextmanager
def _step(login: connections.Connection, receiving: Receiving, source: str) -> Iterator[None]:
    with ledger.step(login, f"land {source}") as figures:
        try:
            yield
        finally:
            figures.update(receiving.figures())
