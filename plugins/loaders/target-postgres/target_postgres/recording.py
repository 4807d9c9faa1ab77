"""The target as a step of a run: recorded, and with the lease of its schema."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from waybill_common import command_steps, ledger, runs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from target_postgres.session import Session


def begin(session: Session, schema: str | None) -> None:
    """Begin the step, where the target is one of a run.

    A target that is piped to by hand is none: its loads have no run, and it waits for nobody.

    Args:
        session: What it receives is counted here.
        schema: Where it lands; no other run works on it meanwhile.
    """
    run = runs.current()
    if (stack := command_steps.current()) is not None and run.is_of_job:
        session.run_id = run.run_id
        stack.enter_context(_step(session, schema))


@contextmanager
def _step(session: Session, schema: str | None) -> Iterator[None]:
    name = f"load {schema}" if schema else "load"
    with ledger.step(session.login, name, resources=[schema] if schema else []) as figures:
        try:
            yield
        finally:
            received = session.received.values()
            if schema:
                figures.datasets.rows.update(
                    (f"{schema}.{stream}", each.settled)
                    for stream, each in session.received.items()
                )
            figures.update(
                {
                    "rows": sum(each.settled for each in received),
                    "dead": sum(each.dead for each in received),
                    "bytes": session.bytes,
                    "streams": len(received),
                }
            )
