"""Threads that look or write until it is over, and whose errors are not lost."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Watch(threading.Thread):
    """Does one thing again and again.

    Args:
        is_over: Asked before each time.
    """

    def __init__(self, is_over: Callable[[], bool]) -> None:
        super().__init__(daemon=True)
        self._is_over = is_over
        self._error: BaseException | None = None

    def run(self) -> None:
        """Do it until it is over."""
        try:
            while not self._is_over():
                self.work()
        except BaseException as error:  # noqa: BLE001 - raised where somebody waits for the thread
            self._error = error

    def work(self) -> None:
        """Do it once."""
        raise NotImplementedError

    def finish(self) -> None:
        """Wait for its end.

        Raises:
            BaseException: What ended it before its time.
        """
        self.join()
        if self._error:
            raise self._error
