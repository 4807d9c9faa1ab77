"""Logs, receipts and batch files that nobody needs any more."""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from waybill.maintain import meltano_runs
from waybill.maintain.removed import Removed
from waybill_common import batch_files, project

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator

    from waybill.maintain.keeping import Keeping


def remove(keeping: Keeping, *, is_dry: bool) -> Iterator[Removed]:
    """Remove files.

    Args:
        keeping: For how long.
        is_dry: Only say what would be removed.
    """
    before = keeping.now - keeping.logs
    yield _gone("logs of Meltano's runs", _run_logs(before), is_dry=is_dry, kept=keeping.logs)
    logs = [project.home() / "airflow" / "logs", project.root() / "transform" / "logs"]
    old = [path for folder in logs for path in _older(folder, before)]
    yield _gone("logs of Airflow and dbt", old, is_dry=is_dry, kept=keeping.logs)
    if not is_dry:
        for folder in logs:
            _remove_empty(folder)
    receipts = _older(project.home() / "receipts", keeping.now - keeping.receipts)
    yield _gone("files of receipts", receipts, is_dry=is_dry, kept=keeping.receipts)
    dead = batch_files.dead_folders(remove=not is_dry)
    yield Removed("batch folders of dead runs", len(dead), sum(size for _, size in dead))


def _run_logs(before: dt.datetime) -> Iterator[Path]:
    """The log folders of this project's runs that ended before a moment."""
    # Meltano's folder is the user's, for all projects: only runs of this one are looked for there.
    old = meltano_runs.ended_before(before)
    for place in (project.root() / ".meltano" / "logs" / "elt", _state_folder() / "elt"):
        yield from (each for each in place.glob("*/*") if each.name in old)


def _state_folder() -> Path:
    """Where Meltano keeps its logs, as its own library for places says."""
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Logs" / "meltano"
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state) / "meltano" / "log"


def _older(folder: Path, before: dt.datetime) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        with suppress(FileNotFoundError):
            if not path.is_dir() and path.lstat().st_mtime < before.timestamp():
                yield path


def _gone(what: str, paths: Iterable[Path], *, is_dry: bool, kept: dt.timedelta) -> Removed:
    count = size = 0
    for path in list(paths):
        count += 1
        size += _size(path)
        if is_dry:
            continue
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    return Removed(what, count, size, kept)


def _size(path: Path) -> int:
    files = path.rglob("*") if path.is_dir() else [path]
    total = 0
    for file in files:
        with suppress(FileNotFoundError):
            total += file.lstat().st_size
    return total


def _remove_empty(folder: Path) -> None:
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir() and not path.is_symlink():
            with suppress(OSError):
                path.rmdir()
