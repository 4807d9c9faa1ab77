"""The port of Airflow's UI and API."""

from __future__ import annotations

from waybill_common import ports
from waybill_common.errors import WaybillError

SETTING = "WAYBILL_AIRFLOW_PORT"
OVERRIDE = "AIRFLOW__API__PORT"
"""Airflow's own setting, which wins over Waybill's."""
USUAL = 8080
_TRIED = 50


def choose() -> int:
    """A port to listen on: the one that is set, or 8080, or the next one above it that is free.

    Raises:
        WaybillError: Another program listens on the port that is set, or no port is free.
    """
    for setting in (OVERRIDE, SETTING):
        if demanded := ports.claim(setting):
            return demanded
    for port in range(USUAL, USUAL + _TRIED):
        if ports.is_free(port):
            return port
    msg = f"No free port on {ports.HOST} from {USUAL} to {USUAL + _TRIED - 1}."
    raise WaybillError(msg, f"Free some, or set {SETTING}.")


def fixed() -> int:
    """The port that is set, or 8080: of processes that are started one by one.

    Raises:
        WaybillError: What is set is no port.
    """
    return ports.demanded(OVERRIDE) or ports.demanded(SETTING) or USUAL
