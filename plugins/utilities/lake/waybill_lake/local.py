"""A lake in a local folder.

An object is written under another name, forced to the disk, and then linked to its own name, which
fails where the name is taken. It is not writable from then on.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import uuid
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING

from waybill_common.errors import WaybillError
from waybill_lake.stores import SETTING, ExistsError, MissingError

if TYPE_CHECKING:
    from pathlib import Path

_INCOMING = ".incoming"
_LOCK = ".lock"
_READ_ONLY = 0o444


class LocalStore:
    """Objects as files of a folder.

    Args:
        root: The folder; it is made when something is first put into it.

    Attributes:
        place: The folder, for messages.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lock = -1
        self.place = str(root)

    @cached_property
    def scratch(self) -> Path:
        """A folder of this process beside the objects; those of dead processes are removed.

        Raises:
            WaybillError: The lake's folder cannot be made.
        """
        incoming = self._root / _INCOMING
        try:
            if not self._root.is_dir():
                self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
            incoming.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            msg = f"{SETTING}: {self._root} cannot be used: {error.strerror}."
            raise WaybillError(msg, f"Set {SETTING} to a folder that you may write to.") from error
        gate = os.open(incoming / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            # No sweep sees a folder that is made but not yet held.
            fcntl.flock(gate, fcntl.LOCK_EX)
            for folder in incoming.glob("*/"):
                _remove_if_dead(folder)
            own = incoming / uuid.uuid4().hex
            own.mkdir(mode=0o700)
            self._lock = os.open(own / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._lock, fcntl.LOCK_EX)
        finally:
            os.close(gate)
        return own

    def put(self, name: str, path: Path) -> None:
        """Make an object of a file of `scratch`.

        Raises:
            ExistsError: The name is taken.
            WaybillError: The disk refuses.
        """
        target = self._root / name
        try:
            with path.open("rb") as file:
                os.fsync(file.fileno())
            path.chmod(_READ_ONLY)
            made = _make_folders(target.parent)
            os.link(path, target)
            for folder in (target.parent, *made):
                _sync_folder(folder)
            path.unlink()
        except FileExistsError as error:
            raise ExistsError(name) from error
        except OSError as error:
            msg = f"{SETTING}: {target} cannot be written: {error.strerror}."
            raise WaybillError(msg, "Make room there, or set it to another place.") from error

    def get(self, name: str) -> bytes:
        """The content of an object.

        Raises:
            MissingError: There is none of that name.
            WaybillError: It may not be read.
        """
        try:
            return (self._root / name).read_bytes()
        except (FileNotFoundError, NotADirectoryError) as error:
            raise MissingError(name) from error
        except OSError as error:
            msg = f"{SETTING}: {self._root / name} cannot be read: {error.strerror}."
            raise WaybillError(msg) from error

    def last(self, folder: str) -> str | None:
        """The highest of the names directly in a folder."""
        with suppress(FileNotFoundError, NotADirectoryError):
            return max((each.name for each in (self._root / folder).iterdir()), default=None)
        return None

    def close(self) -> None:
        """Remove this process's folder."""
        if self._lock >= 0:
            shutil.rmtree(self.scratch, ignore_errors=True)
            os.close(self._lock)
            self._lock = -1
            del self.scratch


def _make_folders(folder: Path) -> list[Path]:
    """Make a folder; returns the folders that have a new entry for it."""
    missing = []
    while not folder.is_dir():
        missing.append(folder)
        folder = folder.parent
    for each in reversed(missing):
        each.mkdir(exist_ok=True)
    return [each.parent for each in missing]


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


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
