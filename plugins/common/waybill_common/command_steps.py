"""Steps that begin inside of a command, and end with it."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_command: ContextVar[ExitStack | None] = ContextVar("command", default=None)


@contextmanager
def recorded() -> Iterator[None]:
    """Let the step that a target begins inside end with this block, in whatever way it is left.

    The SDK makes the target and has it listen in one go, with no place between for a block.
    """
    with ExitStack() as stack:
        token = _command.set(stack)
        try:
            yield
        finally:
            _command.reset(token)


def current() -> ExitStack | None:
    """What a step is to be entered into; None outside of `recorded`."""
    return _command.get()
