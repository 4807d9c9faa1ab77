"""The port of the dashboard."""

from __future__ import annotations

from waybill_common import ports
from waybill_common.errors import WaybillError

SETTING = "WAYBILL_DASHBOARD_PORT"
USUAL = 8501
_TRIED = 50


def choose() -> int:
    """A port to listen on: the one that is set, or 8501, or the next one above it that is free.

    Raises:
        WaybillError: Another program listens on the port that is set, or no port is free.
    """
    if demanded := ports.claim(SETTING):
        return demanded
    for port in range(USUAL, USUAL + _TRIED):
        if ports.is_free(port):
            return port
    msg = f"No free port on {ports.HOST} from {USUAL} to {USUAL + _TRIED - 1}."
    raise WaybillError(msg, f"Free some, or set {SETTING}.")
