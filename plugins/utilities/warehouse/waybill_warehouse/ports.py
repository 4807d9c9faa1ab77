"""The TCP port of the embedded server."""

from __future__ import annotations

import random

from waybill_common.errors import WaybillError
from waybill_common.ports import HOST, claim, demanded, is_free

SETTING = "WAYBILL_PG_PORT"

_CHOICE = range(20000, 32000)
"""Below what systems hand out to outgoing connections, so that it is free at the next start too."""


def fixed() -> int | None:
    """The port that `WAYBILL_PG_PORT` demands, if it is set."""
    return demanded(SETTING)


def assign(remembered: int | None) -> int:
    """The port to start on: `WAYBILL_PG_PORT`, or the one of the last start, or a free one.

    Raises:
        WaybillError: Another program listens on `WAYBILL_PG_PORT`, or no port is free.
    """
    if wanted := claim(SETTING):
        return wanted
    return remembered if remembered and is_free(remembered) else _choose()


def _choose() -> int:
    for port in random.sample(_CHOICE, 200):
        if is_free(port):
            return port
    msg = f"No free port on {HOST} from {_CHOICE.start} to {_CHOICE.stop}."
    raise WaybillError(msg, f"Free some, or set {SETTING}.")
