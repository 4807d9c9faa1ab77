"""A TCP proxy on loopback that sees each COMMIT pass, and can cut the line."""

from __future__ import annotations

import socket
import threading
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
    """What to do at one moment of a connection, which is held until it is done.

    Attributes:
        spring: What is done.
        commit: At which COMMIT, from 1; 0 for none.
        is_before: Whether before that reaches the server, rather than before its answer comes back.
        piece: At which piece of data, of either direction, from 1; 0 for none.
    """

    spring: Callable[[], None]
    commit: int = 0
    is_before: bool = True
    piece: int = 0


class Proxy:
    """Passes connections on to a PostgreSQL server that may come and go.

    Args:
        server_port: Gives the server's port on 127.0.0.1 as it is now.

    Attributes:
        commits: COMMITs seen since `watch`.
        pieces: Pieces of data that have passed since `watch`.
    """

    def __init__(self, server_port: Callable[[], int]) -> None:
        self._server_port = server_port
        self._listener = socket.create_server((HOST, 0))
        self._ends: list[socket.socket] = []
        self._lock = threading.Lock()
        self._trap: Trap | None = None
        self._is_answer_due = False
        self._is_done_at: int | None = None
        self.commits = self.pieces = 0
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def port(self) -> int:
        """Where it listens."""
        port: int = self._listener.getsockname()[1]
        return port

    @property
    def pieces_done(self) -> int:
        """How many pieces had passed when the last COMMIT was answered; all, if there was none."""
        return self._is_done_at or self.pieces

    def watch(self, trap: Trap | None = None) -> None:
        """Begin to count anew."""
        self._trap, self._is_answer_due = trap, False
        self.commits = self.pieces = 0
        self._is_done_at = None

    def cut(self) -> bool:
        """Drop every connection; new ones are passed on.

        Returns:
            Whether there was one.
        """
        ends, self._ends = self._ends, []
        is_open = any(end.fileno() >= 0 for end in ends)
        for end in ends:
            _drop(end)
        return is_open

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
        with self._lock:
            trap = self._trap
            self._count(trap)
            if _COMMIT not in data:
                return
            self.commits += 1
            self._is_answer_due = True
            if trap and trap.commit == self.commits and trap.is_before:
                trap.spring()

    def _answer(self, _: bytes) -> None:
        with self._lock:
            trap = self._trap
            self._count(trap)
            if not self._is_answer_due:
                return
            self._is_answer_due = False
            self._is_done_at = self.pieces
            if trap and trap.commit == self.commits and not trap.is_before:
                trap.spring()

    def _count(self, trap: Trap | None) -> None:
        self.pieces += 1
        if trap and trap.piece == self.pieces:
            trap.spring()


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
