"""What each of Airflow's processes loads in the soak: it collects its garbage every half minute.

Each loop of the scheduler leaves some hundred objects that refer to each other (SQLAlchemy's columns
of a query with a CTE). CPython looks for such garbage among the old objects only once there is a
quarter more of them than the last time: after a quarter of an hour or more here. Until then it looks
like a leak; what grows in spite of this is one.
"""

from __future__ import annotations

import gc
import threading
import time

__all__: list[str] = []

_SECONDS = 30.0


def _collect() -> None:
    while True:
        time.sleep(_SECONDS)
        gc.collect()


threading.Thread(target=_collect, name="collect", daemon=True).start()
