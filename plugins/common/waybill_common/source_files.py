"""Where CSV files are: the files of a folder, archive, glob or URL, each ready to be opened."""

from __future__ import annotations

import fnmatch
import gzip
import weakref
import zipfile
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, BinaryIO, cast

from waybill_common import batch_files, workbooks
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

GZIP = ".gz"
ZSTD = ".zst"
ZIP = ".zip"
XLSX = ".xlsx"
WILDCARDS = "*?["


class _Content:
    """A file's content, whose read errors name the file."""

    def __init__(self, stream: BinaryIO, place: str) -> None:
        self._stream = stream
        self._place = place

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes; none at the end."""
        with _naming(self._place):
            return self._stream.read(size)


@dataclass(frozen=True)
class SourceFile:
    """One file of a source.

    Attributes:
        name: Its path inside the source, with `/`.
        place: Where it is, in words, without secrets.
        stored_size: Bytes as it is stored, or None where only reading tells.
        opener: Opens it as it is stored.
        local: The local file that it is, or that it is a member of.
        is_member: Whether it is a member of an archive.
    """

    name: str
    place: str
    stored_size: int | None
    opener: Callable[[], BinaryIO]
    local: Path | None = None
    is_member: bool = False

    @property
    def is_compressed(self) -> bool:
        """Whether its content differs from what is stored under its name."""
        return self.name.endswith((GZIP, ZSTD, XLSX))

    @property
    def size(self) -> int | None:
        """Bytes of its content, or None where only reading tells."""
        return None if self.is_compressed else self.stored_size

    @property
    def bare(self) -> Path | None:
        """The local file whose bytes are its content, if there is one."""
        return None if self.is_compressed or self.is_member else self.local

    def identity(self) -> dict[str, int] | None:
        """What changes when somebody writes to the local file, or puts another in its place.

        Raises:
            WaybillError: It is gone.
        """
        if self.local is None:
            return None
        with _naming(self.place):
            return batch_files.identity(self.local.stat())

    @contextmanager
    def open(self) -> Iterator[_Content]:
        """Its content, decompressed; that of a workbook as CSV.

        Raises:
            WaybillError: It cannot be opened, or turns out damaged while it is read.
        """
        with ExitStack() as stack:
            with _naming(self.place):
                stream = stack.enter_context(self.opener())
                if self.name.endswith(GZIP):
                    stream = stack.enter_context(cast("BinaryIO", gzip.GzipFile(fileobj=stream)))
                elif self.name.endswith(ZSTD):
                    stream = stack.enter_context(_zstandard(stream))
                elif self.name.endswith(XLSX):
                    stream = stack.enter_context(
                        cast("BinaryIO", workbooks.as_csv(stream, self.place))
                    )
            yield _Content(stream, self.place)

    def matches(self, pattern: str) -> bool:
        """Whether a contract's glob means this file."""
        return matches(self.name, pattern)


@dataclass(frozen=True)
class Source:
    """The files found at a place.

    Attributes:
        place: The place in words, without secrets.
        is_complete: Whether every stream of the contract must have a file here; not so where the
            user named the files themselves, one by one or by a glob.
    """

    place: str
    files: tuple[SourceFile, ...]
    is_complete: bool = True

    def matching(self, pattern: str) -> list[SourceFile]:
        """The files a contract's glob means, in name order."""
        found = (file for file in self.files if file.matches(pattern))
        return sorted(found, key=lambda file: file.name)


def of_path(path: Path, setting: str) -> Source:
    """The CSV files at a local path: a folder, a zip, a file or a glob.

    Args:
        path: An absolute path.
        setting: The setting that names it, for messages.

    Raises:
        WaybillError: There is nothing, or no readable zip.
    """
    if path.is_dir():
        return of_folder(path)
    if path.is_file():
        if path.suffix.lower() == ZIP:
            return of_zip(lambda: path.open("rb"), str(path), setting, local=path)
        return Source(str(path), (_local(path, path.parent),), is_complete=False)
    if any(character in str(path) for character in WILDCARDS):
        root = _fixed_part(path)
        found = root.glob(str(path.relative_to(root)))
        if files := tuple(_local(file, root) for file in found if file.is_file()):
            return Source(str(path), files, is_complete=False)
    msg = f"{setting}: there is no {path}."
    remedy = f"Name an existing folder, zip, file, glob or URL in {setting}."
    raise WaybillError(msg, remedy)


def of_folder(folder: Path, *, is_recursive: bool = False) -> Source:
    """The files directly in a folder, or anywhere below it."""
    entries = folder.rglob("*") if is_recursive else folder.iterdir()
    files = (_local(path, folder) for path in entries if path.is_file())
    return Source(str(folder), tuple(file for file in files if not is_hidden(file.name)))


def of_zip(
    opener: Callable[[], BinaryIO], place: str, setting: str, local: Path | None = None
) -> Source:
    """The members of a zip, at any depth.

    Args:
        opener: Opens the archive's bytes; they must be seekable.
        place: The archive, for messages.
        setting: The setting that names it, for messages.
        local: The archive, if it is a local file.

    Raises:
        WaybillError: It is no zip, is encrypted, or holds two members of one name.
    """
    stream = opener()
    try:
        archive = zipfile.ZipFile(stream)
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        stream.close()
        msg = f"{setting}: {place} is not a readable zip: {error}."
        raise WaybillError(msg, "Check the file; download it again if it is cut off.") from error
    weakref.finalize(archive, stream.close)  # members are opened for as long as it is referred to
    members = [info for info in archive.infolist() if not info.is_dir()]
    members = [info for info in members if not is_hidden(info.filename)]
    names = [info.filename for info in members]
    if twice := next((name for name in names if names.count(name) > 1), None):
        msg = f"{setting}: {place} holds {twice} twice."
        raise WaybillError(msg, "Pack the archive anew with each file once.")
    return Source(place, tuple(_member(archive, info, place, local) for info in members))


def matches(name: str, pattern: str) -> bool:
    """Whether a glob means a name.

    A pattern without `/` looks at the last part alone; `.gz` and `.zst` at the end of the name do
    not count, and a workbook goes by the name of the CSV file that it stands for.
    """
    if name.endswith(XLSX):
        name = name.removesuffix(XLSX) + ".csv"
    name = name.removesuffix(GZIP).removesuffix(ZSTD)
    return fnmatch.fnmatchcase(name if "/" in pattern else PurePosixPath(name).name, pattern)


def is_hidden(name: str) -> bool:
    """Whether a file is an operating system's own, such as `__MACOSX/._orders.csv`."""
    return any(part.startswith(".") or part == "__MACOSX" for part in PurePosixPath(name).parts)


def names_of(files: Iterable[SourceFile]) -> str:
    """Some of the files' names, for a message."""
    names = sorted(file.name for file in files)
    shown = ", ".join(names[:5])
    return shown + (f" and {len(names) - 5} more" if len(names) > 5 else "") if names else "no file"  # noqa: PLR2004 - a handful


@contextmanager
def _naming(place: str) -> Iterator[None]:
    try:
        yield
    except WaybillError:
        raise
    except Exception as error:  # each archive, compression and filesystem raises its own
        msg = f"{place} cannot be read: {str(error) or type(error).__name__}."
        raise WaybillError(msg, "Check that the file is whole and may be read.") from error


def _zstandard(stream: BinaryIO) -> BinaryIO:
    from backports import zstd  # noqa: PLC0415 - few files need it

    # Unlike other bindings this one, CPython's own, does not take a file that is cut off for whole.
    return cast("BinaryIO", zstd.ZstdFile(stream))


def _local(path: Path, root: Path) -> SourceFile:
    name = path.relative_to(root).as_posix()
    return SourceFile(name, str(path), path.stat().st_size, lambda: path.open("rb"), path)


def _member(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, place: str, local: Path | None
) -> SourceFile:
    return SourceFile(
        info.filename,
        f"{place}/{info.filename}",
        info.file_size,
        lambda: cast("BinaryIO", archive.open(info)),
        local,
        is_member=True,
    )


def _fixed_part(pattern: Path) -> Path:
    parts = pattern.parts
    first = next(i for i, part in enumerate(parts) if any(c in part for c in WILDCARDS))
    return Path(*parts[:first])
