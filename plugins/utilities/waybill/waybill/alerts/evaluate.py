"""One evaluation: read the ledger, settle the incidents by it, send what is unsent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg

from waybill.alerts import delivery, incidents, messages
from waybill_common import abandoned, connections, lineage
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from waybill.alerts.channels import Channel
    from waybill.alerts.model import Changes, Finding, Kind

    Rules = Callable[[psycopg.Connection[Any]], Iterable[Finding]]


class UnreachableError(WaybillError):
    """The warehouse does not answer, so that nothing can be read of it nor kept in it.

    Args:
        error: Why.
        is_embedded: Whether it is the one that the next run starts.
    """

    def __init__(self, error: WaybillError, *, is_embedded: bool) -> None:
        super().__init__(error.cause, error.remedy)
        self.is_embedded = is_embedded


@dataclass(frozen=True)
class Outcome:
    """What an evaluation did, and a line for each thing that went wrong with telling of it."""

    changes: Changes
    remarks: tuple[str, ...]


def evaluate(
    rules: Rules, channels: Sequence[Channel], *, unsure: Collection[Kind] = ()
) -> Outcome:
    """Settle the incidents and send their messages; any number of processes may at once.

    Args:
        rules: Reads all that is wrong now, in the transaction that it is given.
        channels: Those that are told of what opens and closes.
        unsure: Kinds that the rules could not look for everywhere.

    Raises:
        NotStartedError: There is no warehouse yet.
        UnreachableError: The warehouse does not answer.
        WaybillError: It has no ledger, or refuses.
    """
    with _connected() as session:
        try:
            with session.transaction():
                incidents.lock(session)
                ended = abandoned.close(session)
                changes = incidents.reconcile(
                    session,
                    rules(session),
                    [channel.name for channel in channels],
                    messages.remedies(),
                    unsure,
                )
            lineage.emit(*ended)
            remarks = delivery.deliver(session, channels)
        except psycopg.errors.UndefinedTable as error:
            msg = f"The warehouse has no ledger of incidents: {error.diag.message_primary}."
            remedy = "Apply load/bootstrap with `meltano invoke warehouse:up`."
            raise WaybillError(msg, remedy) from error
        except psycopg.Error as error:
            msg = f"The alerts could not be evaluated: {str(error).splitlines()[0]}."
            raise WaybillError(msg, "Mend the cause; the next evaluation catches up.") from error
    return Outcome(changes, tuple(remarks))


def _connected() -> psycopg.Connection[Any]:
    connection = connections.warehouse("auditor")
    try:
        return connection.connect(autocommit=True)
    except WaybillError as error:
        raise UnreachableError(error, is_embedded=not connection.setting) from error
