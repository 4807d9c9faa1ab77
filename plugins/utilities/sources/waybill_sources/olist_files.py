"""A user's own Olist files: whether all are there, with the columns the contract requires."""

from __future__ import annotations

import csv
import fnmatch
import gzip
import io
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, BinaryIO, Self, cast

from waybill_common import project
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from waybill_common.contracts import Contract, Stream

_URL = re.compile(r"(?:s3|gs|gcs|https?)://[^/\s]+")
_KAGGLE = re.compile(r"kaggle:[\w-]+/[\w.-]+")
_WILDCARDS = "*?["
_GZIP = ".gz"


@dataclass(frozen=True)
class _File:
    """A file of the source, by its path inside it."""

    name: str
    size: int
    open: Callable[[], BinaryIO]

    def is_of(self, stream: Stream) -> bool:
        """Whether the stream's glob means this file, as tap-csv takes it."""
        base = PurePosixPath(self.name.removesuffix(_GZIP)).name
        return fnmatch.fnmatchcase(base, stream.files or "")


def check(value: str, contract: Contract, setting: str) -> str:
    """Check what a setting says of the place of a contract's files.

    Args:
        value: A folder, zip, file or glob; or a URL or `kaggle:owner/dataset`, of which only the form is
            checked: tap-csv reads it.
        contract: Names the files and their columns.
        setting: The setting's name.

    Returns:
        One line on what was found.

    Raises:
        WaybillError: Something is missing; names the setting, the file and the column.
    """
    if value.startswith("kaggle:"):
        if not _KAGGLE.fullmatch(value):
            msg = f"{setting}: {value} names no data set."
            raise WaybillError(msg, f"Set {setting} to kaggle:owner/dataset.")
        return f"{value}, read by the tap"
    if "://" in value:
        if not _URL.match(value):
            scheme = value.partition("://")[0]
            msg = f"{setting}: {scheme}:// is no place of CSV files, or nothing follows it."
            remedy = "Use a folder, a zip, s3://, gs://, http(s):// or kaggle:owner/dataset."
            raise WaybillError(msg, remedy)
        return f"{value.partition('://')[0]}:// address, read by the tap"
    path = project.resolve(value)
    with _Place(path, setting) as place:
        checked = _check_streams(place, contract, setting)
        size = sum(file.size for file in checked) / 1e6
        return f"{path}, {len(checked)} files, {size:,.1f} MB, checked"


class _Place:
    """The files at a local path."""

    def __init__(self, path: Path, setting: str) -> None:
        self.path = path
        self.is_complete = True
        self._archive: zipfile.ZipFile | None = None
        self.files = [file for file in self._find(setting) if not _is_hidden(file.name)]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._archive:
            self._archive.close()

    def _find(self, setting: str) -> Iterator[_File]:
        path = self.path
        if path.is_dir():
            yield from (_local(file) for file in path.iterdir() if file.is_file())
        elif path.is_file() and path.suffix.lower() == ".zip":
            yield from self._members(setting)
        elif path.is_file():
            self.is_complete = False
            yield _local(path)
        elif any(character in str(path) for character in _WILDCARDS):
            self.is_complete = False
            fixed = Path(path.anchor)
            found = fixed.glob(str(path.relative_to(fixed)))
            yield from (_local(file) for file in found if file.is_file())
        else:
            msg = f"{setting}: there is no {path}."
            remedy = (
                f"Set {setting} to a folder or zip of the CSV files, or unset it to use samples."
            )
            raise WaybillError(msg, remedy)

    def _members(self, setting: str) -> Iterator[_File]:
        try:
            archive = zipfile.ZipFile(self.path)
        except (zipfile.BadZipFile, OSError) as error:
            msg = f"{setting}: {self.path} is no readable zip: {error}."
            raise WaybillError(msg, "Copy or download it again.") from error
        self._archive = archive
        for info in archive.infolist():
            if not info.is_dir():
                yield _File(info.filename, info.file_size, _opener(archive, info))


def _opener(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Callable[[], BinaryIO]:
    return lambda: cast("BinaryIO", archive.open(info))


def _local(path: Path) -> _File:
    return _File(path.name, path.stat().st_size, lambda: path.open("rb"))


def _is_hidden(name: str) -> bool:
    return any(part.startswith(".") or part == "__MACOSX" for part in PurePosixPath(name).parts)


def _check_streams(place: _Place, contract: Contract, setting: str) -> list[_File]:
    checked: list[_File] = []
    for stream in contract.streams:
        files = sorted((file for file in place.files if file.is_of(stream)), key=lambda f: f.name)
        if not files and place.is_complete:
            msg = f"{setting}: {place.path} has no file {stream.files}."
            raise WaybillError(msg, f"Add it, or set {setting} to a place that has all nine files.")
        for file in files:
            _check_header(file, stream, setting)
        checked += files
    if not checked:
        msg = f"{setting}: {place.path} is none of the files that olist.yml names."
        raise WaybillError(msg, f"Set {setting} to a folder or zip of the nine CSV files.")
    return checked


def _check_header(file: _File, stream: Stream, setting: str) -> None:
    try:
        with file.open() as stored:
            binary = gzip.GzipFile(fileobj=stored) if file.name.endswith(_GZIP) else stored
            with io.TextIOWrapper(
                cast("BinaryIO", binary), "utf-8-sig", errors="replace", newline=""
            ) as text:
                header = next(csv.reader(text), [])
    except (
        OSError,
        EOFError,
        RuntimeError,
        NotImplementedError,
        zipfile.BadZipFile,
        csv.Error,
    ) as error:
        msg = f"{setting}: {file.name} cannot be read: {error}."
        raise WaybillError(msg, "Check that the file is whole and may be read.") from error
    for column in stream.columns:
        if column.is_required and column.name not in header:
            msg = f"{setting}: {file.name} has no column {column.name}."
            raise WaybillError(msg, "Restore the file's header; columns go by their names.")
