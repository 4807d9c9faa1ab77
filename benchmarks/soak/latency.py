"""When a committed order is visible in the mart, seen from outside."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING

import psycopg

from benchmarks.soak.watch import Watch
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from benchmarks.soak.writers import Commits
    from waybill_common.connections import Connection

_SECONDS = 1.0
_VISIBLE = "select distinct sales_order_id from trade.fact_sales_order where sales_order_id >= %s"


class Latency(Watch):
    """Looks for new orders in `trade.fact_sales_order` once a second.

    Attributes:
        seconds: From commit to visible, by order.
    """

    def __init__(
        self, warehouse: Connection, commits: Commits, first_order: int, is_over: Callable[[], bool]
    ) -> None:
        super().__init__(is_over)
        self._warehouse = warehouse
        self._commits = commits
        self._first_order = first_order
        self.seconds: dict[int, float] = {}

    def work(self) -> None:
        """Look in one session until it is over or the session is."""
        try:
            with self._warehouse.connect(autocommit=True) as session:
                while not self._is_over():
                    self._look(session)
                    time.sleep(_SECONDS)
        except (psycopg.Error, WaybillError):
            time.sleep(_SECONDS)

    def of(self, orders: Iterable[int]) -> dict[str, float]:
        """Percentiles of the seconds of some orders."""
        return percentiles([self.seconds[order] for order in orders if order in self.seconds])

    def _look(self, session: psycopg.Connection[tuple[int]]) -> None:
        visible = session.execute(_VISIBLE, (self._first_order,)).fetchall()
        now = time.monotonic()
        for (order,) in visible:
            committed = self._commits.orders.get(order)
            if committed is not None and order not in self.seconds:
                self.seconds[order] = now - committed


def percentiles(seconds: Iterable[float]) -> dict[str, float]:
    """The median, p95, p99 and the largest, with how many there are."""
    values = sorted(seconds)
    if len(values) < 2:  # noqa: PLR2004 - quantiles want two
        return {"orders": len(values)}
    cuts = statistics.quantiles(values, n=100, method="inclusive")
    return {
        "orders": len(values),
        "p50": cuts[49],
        "p95": cuts[94],
        "p99": cuts[98],
        "max": values[-1],
    }
