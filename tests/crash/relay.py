"""Between a tap and a target: each message is passed on, and can be waited for, as in Meltano."""

from __future__ import annotations

from contextlib import suppress
from threading import Thread
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Relay:
    """Passes messages on, in a thread of its own.

    Args:
        tap: What the tap writes; closed when the target is gone, so that the tap notices.
        target: What the target reads; closed when the tap has ended.
        look: Called with the number of each message, from 1, before that is passed on.
        look_at_last: Called before the last message is passed on.

    Attributes:
        messages: How many the tap has sent.
    """

    def __init__(
        self,
        tap: IO[bytes],
        target: IO[bytes],
        look: Callable[[int], None],
        look_at_last: Callable[[], None],
    ) -> None:
        self._tap, self._target = tap, target
        self._look, self._look_at_last = look, look_at_last
        self.messages = 0
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    def join(self) -> None:
        """Wait until both ends are closed."""
        self._thread.join()

    def _run(self) -> None:
        held = b""
        with suppress(OSError):
            for line in self._tap:
                self._pass_on(held)
                held = line
                self.messages += 1
                self._look(self.messages)
            self._look_at_last()
            self._pass_on(held)
        for end in (self._target, self._tap):
            with suppress(OSError):
                end.close()

    def _pass_on(self, line: bytes) -> None:
        if line:
            self._target.write(line)
