"""The pipes of a run: what a tap and a target do when the other end of theirs is gone."""

from __future__ import annotations

import functools
import os
import select
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, ParamSpec

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")

_LOADER = "MELTANO_LOADER_NAME"
"""Meltano sets it in the environment of a target."""
# Meltano needs a moment to notice; the time limit is for one that never does.
_DRAIN = """
import os, select, time
end = time.monotonic() + 5
while select.select([0], [], [], max(0, end - time.monotonic()))[0] and os.read(0, 65536):
    pass
"""


def is_output_closed() -> bool:
    """Whether nobody reads the standard output any more."""
    pipe = select.poll()
    pipe.register(1, 0)
    return any(event & select.POLLERR for _, event in pipe.poll(0))


def outlives_its_failure(main: Callable[P, None]) -> Callable[P, None]:
    """Leave somebody who reads the input of a target's `main` to its end after it has failed.

    Meltano writes what the tap says into this pipe. Where the pipe breaks before Meltano has seen
    that the target has ended, it reports the pipe, in fifty lines, and not the target.
    """

    @functools.wraps(main)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            main(*args, **kwargs)
        except SystemExit as end:
            if end.code:
                _leave_a_reader()
            raise
        except BaseException:
            _leave_a_reader()
            raise

    return guarded


def _leave_a_reader() -> None:
    if _LOADER not in os.environ:
        return
    null = (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)
    with suppress(OSError):
        os.posix_spawn(
            sys.executable,
            [sys.executable, "-ISc", _DRAIN],
            os.environ,
            # Meltano waits until nobody has these two open any more.
            file_actions=[null, (os.POSIX_SPAWN_DUP2, 1, 2)],
            setpgroup=0,
        )
