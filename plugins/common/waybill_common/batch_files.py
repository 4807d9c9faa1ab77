"""Batch files: how a tap hands rows to the target as files that are ready for COPY.

Each run of a tap writes into a folder of its own. The tap, and then the target, hold a shared lock
on it for as long as they live; a folder that nobody holds is the rest of a dead run.
"""

from __future__ import annotations

import fcntl
import itertools
import os
import shutil
import uuid
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote, urlsplit

from waybill_common import private_files, project
from waybill_common.errors import WaybillError

FORMAT = "copy"
_LOCK = ".lock"


class BatchFolder:
    """The folder of one run of a tap.

    Args:
        tap: The tap's name; runs of other taps are left alone.
    """

    def __init__(self, tap: str) -> None:
        parent = project.home() / "batch" / tap
        parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # No sweep sees a folder that is made but not yet held.
        with private_files.locked(parent / _LOCK):
            for folder in parent.iterdir():
                _remove_if_dead(folder)
            self.path = parent / uuid.uuid4().hex
            self.path.mkdir(mode=0o700)
            self._lock = hold(self.path)
        self._numbers = itertools.count(1)

    def create(self) -> BinaryIO:
        """A new file that nobody else may read; threads may make theirs at once."""
        path = self.path / f"{next(self._numbers):06}.copy"
        return open(path, "xb", buffering=1 << 18, opener=_open_private)

    def close(self) -> None:
        """Let go of the folder; the target does the same once it has loaded the files."""
        release(self.path, self._lock)


def hold(folder: Path) -> int:
    """Take a shared lock on a run's folder, so that the next run does not remove it.

    Returns:
        A file descriptor; `release`, or the end of the process, lets go.
    """
    descriptor = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    return descriptor


def is_run_folder(folder: Path) -> bool:
    """Whether a folder was made by a `BatchFolder`, rather than by some other tap."""
    return (folder / _LOCK).is_file()


def release(folder: Path, descriptor: int) -> None:
    """Let go of a run's folder, and remove it if nobody else holds it and it is empty."""
    os.close(descriptor)
    with private_files.locked(folder.parent / _LOCK), suppress(FileNotFoundError):
        if {each.name for each in folder.iterdir()} == {_LOCK}:
            _remove_if_dead(folder)


def identity(found: os.stat_result) -> dict[str, int]:
    """What changes when somebody writes to a file, or puts another in its place."""
    return {"size": found.st_size, "mtime_ns": found.st_mtime_ns, "inode": found.st_ino}


def local_path(uri: str) -> Path:
    """The path of a `file://` URI of a manifest.

    Raises:
        WaybillError: It is not a local file.
    """
    parts = urlsplit(uri)
    if parts.scheme != "file" or parts.netloc not in {"", "localhost"}:
        msg = f"A batch file is named by {uri!r}, which is not a local file://."
        raise WaybillError(
            msg, "Let tap and target share a file system, or set the tap's `mode` to record."
        )
    return Path(unquote(parts.path))


def dead_folders(*, remove: bool) -> list[tuple[Path, int]]:
    """The folders of dead runs, of all taps.

    Args:
        remove: Whether to remove them.

    Returns:
        Each with the bytes of its files.
    """
    found = []
    for parent in sorted((project.home() / "batch").glob("*/")):
        with private_files.locked(parent / _LOCK):
            for folder in sorted(parent.glob("*/")):
                size = sum(file.lstat().st_size for file in folder.iterdir())
                if _remove_if_dead(folder, is_dry=not remove):
                    found.append((folder, size))
    return found


def _remove_if_dead(folder: Path, *, is_dry: bool = False) -> bool:
    try:
        descriptor = os.open(folder / _LOCK, os.O_RDWR | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    else:
        if not is_dry:
            shutil.rmtree(folder, ignore_errors=True)
        return True
    finally:
        os.close(descriptor)


def _open_private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_CLOEXEC, 0o600)
