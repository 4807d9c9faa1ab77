"""TCP ports of this machine."""

from __future__ import annotations

import os
import socket

from waybill_common.errors import WaybillError

HOST = "127.0.0.1"

_LOWEST, _HIGHEST = 1024, 65535


def demanded(setting: str) -> int | None:
    """The port that an environment variable demands, if it is set.

    Raises:
        WaybillError: It is not a port that a user's program may listen on.
    """
    value = os.environ.get(setting)
    if not value:
        return None
    if not value.isascii() or not value.isdigit() or not _LOWEST <= int(value) <= _HIGHEST:
        msg = f"{setting}={value} is not a port."
        raise WaybillError(msg, f"Set {setting} to a number from {_LOWEST} to {_HIGHEST}.")
    return int(value)


def claim(setting: str) -> int | None:
    """The same, free to listen on.

    Raises:
        WaybillError: Another program listens on it, or it is no port.
    """
    port = demanded(setting)
    if port and not is_free(port):
        msg = f"{setting}={port}: another program listens on {HOST}:{port}."
        raise WaybillError(msg, f"Stop it, or set {setting} to another port.")
    return port


def is_free(port: int) -> bool:
    """Whether a server could listen on the port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As servers do: connections of a server that has gone do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True
