"""A lake in a local folder.

An object is written under another name, forced to the disk, and then linked to its own name, which
fails where the name is taken. It is not writable from then on.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from waybill_common.errors import WaybillError
from waybill_lake.scratch import Scratch
from waybill_lake.stores import SETTING, ExistsError, MissingError

if TYPE_CHECKING:
    from pathlib import Path

_INCOMING = ".incoming"
_READ_ONLY = 0o444


class LocalStore:
    """Objects as files of a folder.

    Args:
        root: The folder; it is made when something is first put into it.
        setting: What holds its path, for messages.

    Attributes:
        place: The folder, for messages.
    """

    def __init__(self, root: Path, setting: str = SETTING) -> None:
        self._root = root
        self._setting = setting
        self._scratch = Scratch(root / _INCOMING, setting)
        self.place = str(root)

    @property
    def scratch(self) -> Path:
        """A folder of this process beside the objects."""
        return self._scratch.path

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
            msg = f"{self._setting}: {target} cannot be written: {error.strerror}."
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
            msg = f"{self._setting}: {self._root / name} cannot be read: {error.strerror}."
            raise WaybillError(msg) from error

    def last(self, folder: str) -> str | None:
        """The highest of the names directly in a folder."""
        with suppress(FileNotFoundError, NotADirectoryError):
            return max((each.name for each in (self._root / folder).iterdir()), default=None)
        return None

    def close(self) -> None:
        """Remove this process's folder."""
        self._scratch.close()


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
