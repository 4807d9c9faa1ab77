"""Files behind a URL, by fsspec: s3://, gs://, http(s):// and whatever else it knows."""

from __future__ import annotations

import shutil
import tempfile
from typing import TYPE_CHECKING, Any, BinaryIO, cast
from urllib.parse import unquote, urlsplit, urlunsplit

from waybill_common import source_files
from waybill_common.errors import WaybillError
from waybill_common.source_files import Source, SourceFile

if TYPE_CHECKING:
    from collections.abc import Callable

_EXTRAS = {"s3": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "http": "aiohttp", "https": "aiohttp"}
_FILES = (
    *(".csv", ".json", ".jsonl", ".ndjson"),
    *(source_files.GZIP, source_files.ZSTD, source_files.XLSX),
)


def is_url(path: str) -> bool:
    """Whether a setting's value names a place by its scheme."""
    return "://" in path


def redact(url: str) -> str:
    """A URL without what may be secret: the login and the query."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, parts.path, "", ""))


def of_url(url: str, setting: str) -> Source:
    """The files at a URL: a folder or prefix, a zip, a file or a glob.

    Args:
        url: With the scheme of any filesystem fsspec knows.
        setting: The setting that names it, for messages.

    Raises:
        WaybillError: Its package is missing, or there is nothing, or it may not be read.
    """
    import fsspec  # noqa: PLC0415 - takes longer to load than all of this package

    place = redact(url)
    scheme = urlsplit(url).scheme
    try:
        filesystem, path = fsspec.core.url_to_fs(url)
    except ImportError as error:
        package = _EXTRAS.get(scheme, f"fsspec[{scheme}]")
        msg = f"{setting}: reading {scheme}:// needs the package {package}."
        remedy = f"Add {package} to the tap's file in plugins/requirements and run `make lock`, or install it beside the tap."
        raise WaybillError(msg, remedy) from error
    except ValueError as error:
        msg = f"{setting}: {scheme}:// is no kind of place that can be read."
        raise WaybillError(
            msg, f"Set {setting} to a path, s3://, gs://, http:// or https://."
        ) from error
    try:
        return _found(filesystem, path, place, setting)
    except WaybillError:
        raise
    except Exception as error:  # each filesystem raises its own client's exceptions
        reason = (
            "there is nothing" if isinstance(error, FileNotFoundError) else type(error).__name__
        )
        msg = f"{setting}: {place} cannot be read: {reason}."
        remedy = f"Check the address in {setting}, the network and the credentials for {scheme}://."
        raise WaybillError(msg, remedy) from error


def _found(filesystem: Any, path: str, place: str, setting: str) -> Source:
    bare = urlsplit(path).path if is_url(path) else path
    if bare.lower().endswith(source_files.ZIP):
        filesystem.info(path)
        return source_files.of_zip(lambda: _seekable(filesystem, path), place, setting)
    if "*" in path:
        root = path[: path.index("*")].rpartition("/")[0]
        details = filesystem.glob(path, detail=True)
        return _listed(filesystem, details, root, place, is_complete=False)
    # Over HTTP a folder answers as a file does; its name has to tell.
    is_file = bare.endswith(_FILES) or (not is_url(path) and filesystem.isfile(path))
    if is_file:
        details = {path: filesystem.info(path)}
        return _listed(filesystem, details, path.rpartition("/")[0], place, is_complete=False)
    details = {entry["name"]: entry for entry in filesystem.ls(path, detail=True)}
    return _listed(filesystem, details, path.rstrip("/"), place, is_complete=True)


def _listed(
    filesystem: Any, details: dict[str, Any], root: str, place: str, *, is_complete: bool
) -> Source:
    files = []
    for path, entry in details.items():
        if entry.get("type") == "directory":
            continue
        bare = redact(path) if is_url(path) else path
        name = bare.removeprefix(redact(root) if is_url(root) else root).lstrip("/")
        name = unquote(name) if is_url(path) else name
        if name and not source_files.is_hidden(name):
            files.append(SourceFile(name, bare, entry.get("size"), _opener(filesystem, path)))
    if not files:
        raise FileNotFoundError(place)
    return Source(place, tuple(files), is_complete=is_complete)


def _opener(filesystem: Any, path: str) -> Callable[[], BinaryIO]:
    # Over HTTP in one answer: ranges may be refused, or be of two versions of the file.
    options = {"block_size": 0} if is_url(path) else {}
    return lambda: cast("BinaryIO", filesystem.open(path, "rb", **options))


def _seekable(filesystem: Any, path: str) -> BinaryIO:
    """An archive as a file to seek in; over HTTP a temporary copy."""
    opener = _opener(filesystem, path)
    if not is_url(path):
        return opener()
    copy = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the archive is read
    with opener() as stream:
        shutil.copyfileobj(stream, copy, 1 << 20)
    copy.seek(0)
    return cast("BinaryIO", copy)
