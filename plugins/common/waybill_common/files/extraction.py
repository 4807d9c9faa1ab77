"""Taking files out of an archive that somebody else packed."""

from __future__ import annotations

import hashlib
import stat
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from waybill_common.errors import WaybillError
from waybill_common.source_files import is_hidden, matches

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_BYTES = 20 << 30
"""All files together."""
MAX_RATIO = 200
"""Bytes out for a byte in; deflated CSV stays under 30, a bomb is near 1000."""
_CHUNK = 1 << 20


def extract(archive: Path, folder: Path, patterns: Sequence[str]) -> dict[str, Any]:
    """Take the allow-listed members out of a zip; the others stay in it.

    Args:
        archive: The zip.
        folder: An empty folder to extract into.
        patterns: Globs of the names that are wanted.

    Returns:
        Size and SHA-256 of each file, by name.

    Raises:
        WaybillError: It is no zip, is damaged, or a member is unsafe: an absolute path, `..`, a
            link, or content far larger than the archive makes likely.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            members = [info for info in opened.infolist() if not info.is_dir()]
            for info in members:
                _refuse_unsafe(info)
            wanted = [info for info in members if _is_wanted(info.filename, patterns)]
            _refuse_too_large(wanted)
            return {info.filename: _write(opened, info, folder) for info in wanted}
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError) as error:
        msg = f"The downloaded archive is not a readable zip: {error}."
        raise WaybillError(
            msg, "Run again; if it stays so, the data set itself is damaged."
        ) from error


def _is_wanted(name: str, patterns: Sequence[str]) -> bool:
    return not is_hidden(name) and any(matches(name, pattern) for pattern in patterns)


def _refuse_unsafe(info: zipfile.ZipInfo) -> None:
    path = PurePosixPath(info.filename.replace("\\", "/"))
    mode = info.external_attr >> 16
    has_drive = ":" in path.parts[0] if path.parts else True
    is_link = stat.S_IFMT(mode) not in {0, stat.S_IFREG}
    if path.is_absolute() or has_drive or ".." in path.parts or is_link:
        kind = "a link or device" if is_link else "a path that leaves its folder"
        msg = f"The downloaded archive is unsafe: {info.filename!r} is {kind}."
        raise WaybillError(msg, "Do not use this data set; nothing of it was extracted.")


def _refuse_too_large(members: Sequence[zipfile.ZipInfo]) -> None:
    if sum(info.file_size for info in members) > MAX_BYTES:
        msg = f"The downloaded archive holds more than {MAX_BYTES >> 30} GiB."
        raise WaybillError(msg, "Extract it by hand and name the folder instead.")
    for info in members:
        if info.file_size > MAX_RATIO * max(info.compress_size, 1):
            msg = f"The downloaded archive is unsafe: {info.filename!r} grows more than {MAX_RATIO} times."
            raise WaybillError(msg, "Do not use this data set; nothing of it was extracted.")


def _write(archive: zipfile.ZipFile, info: zipfile.ZipInfo, folder: Path) -> dict[str, Any]:
    path = folder / info.filename
    path.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    size = 0
    # zipfile reads no more than the size stated, and checks the CRC at the end.
    with archive.open(info) as source, path.open("xb") as target:
        while data := source.read(_CHUNK):
            target.write(data)
            digest.update(data)
            size += len(data)
    return {"size": size, "sha256": digest.hexdigest()}
