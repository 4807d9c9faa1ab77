"""A TCP proxy on loopback that sees each COMMIT pass, and can cut the line."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

HOST = "127.0.0.1"
_COMMIT = b"COMMIT\0"
_CHUNK = 1 << 16


@dataclass(frozen=True)
class Trap:
    """What to do at one COMMIT.

    Attributes:
        commit: Which one, from 1.
        is_before: Whether before it reaches the server, rather than before its answer comes back.
        spring: What is done while the line is held.
    """

    commit: int
    is_before: bool
    spring: Callable[[], None]


class Proxy:
    """Passes connections on to a PostgreSQL server that may come and go.

    Args:
        server_port: Gives the server's port on 127.0.0.1 as it is now.

    Attributes:
        commits: COMMITs seen since `watch`.
        opened_at: When the first connection since `watch` came in, on the monotonic clock.
    """

    def __init__(self, server_port: Callable[[], int]) -> None:
        self._server_port = server_port
        self._listener = socket.create_server((HOST, 0))
        self._ends: list[socket.socket] = []
        self._trap: Trap | None = None
        self._is_answer_due = False
        self.commits = 0
        self.opened_at: float | None = None
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def port(self) -> int:
        """Where it listens."""
        port: int = self._listener.getsockname()[1]
        return port

    def watch(self, trap: Trap | None = None) -> None:
        """Begin to count anew."""
        self._trap, self._is_answer_due = trap, False
        self.commits, self.opened_at = 0, None

    def cut(self) -> None:
        """Drop every connection; new ones are passed on."""
        ends, self._ends = self._ends, []
        for end in ends:
            _drop(end)

    def close(self) -> None:
        """Drop every connection and take no more."""
        _drop(self._listener)
        self.cut()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.opened_at = self.opened_at or time.monotonic()
            try:
                server = socket.create_connection((HOST, self._server_port()))
            except OSError:
                _drop(client)
                continue
            for end in (client, server):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._ends += [client, server]
            pumps = ((self._ask, client, server), (self._answer, server, client))
            for pump, origin, to in pumps:
                threading.Thread(target=_pump, args=(pump, origin, to), daemon=True).start()

    def _ask(self, data: bytes) -> None:
        if _COMMIT not in data:
            return
        self.commits += 1
        trap = self._trap
        if trap and trap.commit == self.commits:
            if trap.is_before:
                trap.spring()
            else:
                self._is_answer_due = True

    def _answer(self, data: bytes) -> None:
        if self._is_answer_due and data and self._trap:
            self._is_answer_due = False
            self._trap.spring()


def _pump(look: Callable[[bytes], None], origin: socket.socket, to: socket.socket) -> None:
    with suppress(OSError):
        while data := origin.recv(_CHUNK):
            look(data)
            to.sendall(data)
    _drop(origin)
    _drop(to)


def _drop(end: socket.socket) -> None:
    # Closing alone would not wake a thread that waits for the socket.
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()
