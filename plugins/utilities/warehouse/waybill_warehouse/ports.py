"""The TCP port of the embedded server."""

from __future__ import annotations

import os
import random
import socket

from waybill_common.errors import WaybillError

SETTING = "WAYBILL_PG_PORT"
HOST = "127.0.0.1"

_CHOICE = range(20000, 32000)
"""Below what systems hand out to outgoing connections, so that it is free at the next start too."""
_LOWEST, _HIGHEST = 1024, 65535


def fixed() -> int | None:
    """The port that `WAYBILL_PG_PORT` demands, if it is set.

    Raises:
        WaybillError: It is not a port that a user's program may listen on.
    """
    value = os.environ.get(SETTING)
    if not value:
        return None
    if not value.isascii() or not value.isdigit() or not _LOWEST <= int(value) <= _HIGHEST:
        msg = f"{SETTING}={value} is not a port."
        raise WaybillError(msg, f"Set {SETTING} to a number from {_LOWEST} to {_HIGHEST}.")
    return int(value)


def is_free(port: int) -> bool:
    """Whether a server could listen on the port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As the server does: connections of a server that has gone do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def assign(remembered: int | None) -> int:
    """The port to start on: `WAYBILL_PG_PORT`, or the one of the last start, or a free one.

    Raises:
        WaybillError: Another program listens on `WAYBILL_PG_PORT`, or no port is free.
    """
    if demanded := fixed():
        if is_free(demanded):
            return demanded
        msg = f"{SETTING}={demanded}: another program listens on {HOST}:{demanded}."
        raise WaybillError(msg, f"Stop it, or set {SETTING} to another port.")
    return remembered if remembered and is_free(remembered) else _choose()


def _choose() -> int:
    for port in random.sample(_CHOICE, 200):
        if is_free(port):
            return port
    msg = f"No free port on {HOST} from {_CHOICE.start} to {_CHOICE.stop}."
    raise WaybillError(msg, f"Free some, or set {SETTING}.")
