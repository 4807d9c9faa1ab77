"""Files on their way into a lake: a folder for each process, and none is left of a dead one."""

from __future__ import annotations

import fcntl
import os
import shutil
import uuid
from functools import cached_property
from typing import TYPE_CHECKING

from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from pathlib import Path

_LOCK = ".lock"


class Scratch:
    """The folder of this process, which is made when it is first asked for.

    Args:
        parent: The folder of all processes; that in which it is has to be there, or can be made.
        setting: What the user sets that by, for messages.
    """

    def __init__(self, parent: Path, setting: str) -> None:
        self._parent = parent
        self._setting = setting
        self._lock = -1

    @cached_property
    def path(self) -> Path:
        """The folder; those of dead processes are removed on the way.

        Raises:
            WaybillError: It cannot be made.
        """
        try:
            if not self._parent.parent.is_dir():
                self._parent.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._parent.mkdir(mode=0o700, exist_ok=True)
            gate = os.open(self._parent / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            msg = f"{self._setting}: {self._parent.parent} cannot be used: {error.strerror}."
            raise WaybillError(
                msg, f"Set {self._setting} to a folder that you may write to."
            ) from error
        try:
            # No sweep sees a folder that is made but not yet held.
            fcntl.flock(gate, fcntl.LOCK_EX)
            for folder in self._parent.glob("*/"):
                _remove_if_dead(folder)
            own = self._parent / uuid.uuid4().hex
            own.mkdir(mode=0o700)
            self._lock = os.open(own / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._lock, fcntl.LOCK_EX)
        finally:
            os.close(gate)
        return own

    def close(self) -> None:
        """Remove the folder, if it was made."""
        if self._lock >= 0:
            shutil.rmtree(self.path, ignore_errors=True)
            os.close(self._lock)
            self._lock = -1
            del self.path


def _remove_if_dead(folder: Path) -> None:
    try:
        descriptor = os.open(folder / _LOCK, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        shutil.rmtree(folder, ignore_errors=True)
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return
    else:
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(descriptor)
