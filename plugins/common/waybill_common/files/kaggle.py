"""A Kaggle data set as a folder: each version downloaded once, checked, and kept by its number.

`$WAYBILL_HOME/kaggle/<owner>/<dataset>/versions/<n>` holds the files and `manifest.json`, which is
written last: a folder without one is no version.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from waybill_common import project
from waybill_common.errors import WaybillError
from waybill_common.files.extraction import extract
from waybill_common.files.kaggle_api import KaggleApi

if TYPE_CHECKING:
    from collections.abc import Sequence

MANIFEST = "manifest.json"
_HANDLE = re.compile(r"([A-Za-z0-9_-]+)/([A-Za-z0-9_-]+)")
_UNFINISHED = ".unfinished-"


def download(handle: str, patterns: Sequence[str], setting: str) -> Path:
    """The folder of the data set's current version, downloaded if it is not here yet.

    Args:
        handle: `owner/dataset`.
        patterns: Globs of the files that are wanted; no other is extracted.
        setting: The setting that names it, for messages.

    Raises:
        WaybillError: The handle is none, or Kaggle refuses, or the download is damaged or unsafe.
    """
    names = _HANDLE.fullmatch(handle)
    if not names:
        msg = f"{setting}: {handle!r} is no Kaggle data set."
        raise WaybillError(msg, f"Set {setting} to kaggle:<owner>/<dataset>.")
    owner, dataset = names.groups()
    api = KaggleApi(owner, dataset, setting)
    version = api.current_version()
    versions = project.home() / "kaggle" / owner / dataset / "versions"
    folder = versions / str(version)
    if not _is_whole(folder):
        versions.mkdir(parents=True, exist_ok=True)
        _fetch(api, version, folder, patterns, setting)
    return folder


def _fetch(
    api: KaggleApi, version: int, folder: Path, patterns: Sequence[str], setting: str
) -> None:
    for leftover in folder.parent.glob(f"{_UNFINISHED}{version}-*"):
        shutil.rmtree(leftover, ignore_errors=True)
    with tempfile.TemporaryDirectory(
        prefix=f"{_UNFINISHED}{version}-", dir=folder.parent, ignore_cleanup_errors=True
    ) as place:
        archive = Path(place) / "archive.zip"
        content = Path(place) / "content"
        content.mkdir()
        md5 = api.download(version, archive)
        try:
            files = extract(archive, content, patterns)
        except WaybillError as error:
            msg = f"{setting}, version {version}: {error.cause}"
            raise WaybillError(msg, error.remedy) from error
        now = dt.datetime.now(tz=dt.UTC).isoformat()
        manifest = {"version": version, "md5": md5, "downloaded_at": now, "files": files}
        (content / MANIFEST).write_text(json.dumps(manifest, indent=2))
        shutil.rmtree(folder, ignore_errors=True)
        # Another run may have put the same version there in the meantime; either will do.
        with suppress(OSError):
            content.rename(folder)
    if not _is_whole(folder):
        msg = f"{setting}: version {version} could not be put into {folder}."
        raise WaybillError(msg, "Check that the folder may be written, and run again.")


def _is_whole(folder: Path) -> bool:
    try:
        files = json.loads((folder / MANIFEST).read_text())["files"]
        return all((folder / name).stat().st_size == kept["size"] for name, kept in files.items())
    except (OSError, ValueError, KeyError, TypeError):
        return False
