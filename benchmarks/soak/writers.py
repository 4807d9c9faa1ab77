"""Writes on the source while it is read: new orders, changes, deletes, transactions that commit late."""

from __future__ import annotations

import random
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import psycopg

from benchmarks.soak.watch import Watch
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from collections.abc import Callable

    from waybill_common.connections import Connection

_PAUSES = (0.5, 2.0)
_LATE_SECONDS = (10.0, 40.0)
_RETRY_SECONDS = 1.0

# An order, its transaction and its payment are those of an older one under new numbers: every rule holds.
NEW_ORDER = """
with chosen as (
    select sales_order.*, transaction.transaction_id
    from sales_order inner join transaction using (sales_order_id)
    where sales_order_id < 100000
    order by random() limit 1
), ordered as (
    insert into sales_order
    select %(id)s, now(), now(), design_id, staff_id, counterparty_id, units_sold, unit_price, currency_id,
        to_char(now() + interval '2 days', 'YYYY-MM-DD'), to_char(now() + interval '1 day', 'YYYY-MM-DD'),
        agreed_delivery_location_id
    from chosen
), sold as (
    insert into transaction (transaction_id, transaction_type, sales_order_id, created_at, last_updated)
    values (%(id)s, 'SALE', %(id)s, now(), now())
)
insert into payment
select %(id)s, now(), now(), %(id)s, payment.counterparty_id, payment_amount, payment.currency_id,
    payment_type_id, paid, to_char(now() + interval '1 day', 'YYYY-MM-DD'), company_ac_number, counterparty_ac_number
from payment inner join chosen on payment.transaction_id = chosen.transaction_id
limit 1
"""
CHANGES = (
    "update design set file_name = 'soak-' || clock_timestamp(), last_updated = now() where design_id = %(any)s %% 50 + 1",
    "update department set location = 'Floor ' || %(any)s, last_updated = now() where department_id = %(any)s %% 8 + 1",
    "update payment set paid = true, last_updated = now() where payment_id = %(any)s %% 1000 + 1",
)
_DELETES = (
    "delete from payment where payment_id = %(id)s",
    "delete from transaction where transaction_id = %(id)s",
    "delete from sales_order where sales_order_id = %(id)s",
)
_LATE_SHARE, _DELETE_SHARE, _CHANGE_SHARE = 0.08, 0.1, 0.4


@dataclass
class Commits:
    """What was committed.

    Attributes:
        orders: Number of each new order that stays, and when it was committed, by the monotonic clock.
        counts: Transactions by kind.
    """

    orders: dict[int, float] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def between(self, begin: float, end: float) -> list[int]:
        """The orders that were committed in a span of time, by the monotonic clock."""
        with self._lock:
            return [order for order, at in self.orders.items() if begin <= at < end]

    def add(self, kind: str, order: int | None = None) -> None:
        """Note a commit."""
        with self._lock:
            self.counts[kind] = self.counts.get(kind, 0) + 1
            if order is not None:
                self.orders[order] = time.monotonic()


class Writer(Watch):
    """One session that writes until it is told to stop.

    Args:
        source: The source database, as one who may write.
        commits: Where commits are noted.
        first_order: Its orders are numbered from here.
        is_over: Whether to stop.
        seed: Of its choices.
    """

    def __init__(
        self,
        source: Connection,
        commits: Commits,
        *,
        first_order: int,
        is_over: Callable[[], bool],
        seed: int,
    ) -> None:
        super().__init__(is_over)
        self._source = source
        self._commits = commits
        self._next = first_order
        self._random = random.Random(seed)  # noqa: S311 - choices of a test
        self._deletable: list[int] = []

    def work(self) -> None:
        """Write in one session until it is over; one that the server ends is opened again."""
        try:
            with self._source.connect() as session:
                while not self._is_over():
                    self._write(session)
                    time.sleep(self._random.uniform(*_PAUSES))
        except (psycopg.OperationalError, WaybillError):
            time.sleep(_RETRY_SECONDS)

    def _write(self, session: psycopg.Connection[tuple[object, ...]]) -> None:
        chance = self._random.random()
        if chance < _CHANGE_SHARE:
            session.execute(
                self._random.choice(CHANGES).encode(), {"any": self._random.randrange(10**6)}
            )
            session.commit()
            self._commits.add("change")
        elif chance < _CHANGE_SHARE + _DELETE_SHARE and self._deletable:
            order = self._deletable.pop(0)
            for statement in _DELETES:
                session.execute(statement.encode(), {"id": order})
            session.commit()
            self._commits.add("delete")
        else:
            self._order(session, is_late=chance > 1 - _LATE_SHARE)

    def _order(self, session: psycopg.Connection[tuple[object, ...]], *, is_late: bool) -> None:
        order = self._next
        self._next += 1
        session.execute(NEW_ORDER.encode(), {"id": order})
        if is_late:
            # Its rows bear the time at which the transaction began.
            time.sleep(self._random.uniform(*_LATE_SECONDS))
        is_kept = self._random.random() > _DELETE_SHARE * 2
        session.commit()
        self._commits.add("late order" if is_late else "order", order if is_kept else None)
        if not is_kept:
            self._deletable.append(order)
