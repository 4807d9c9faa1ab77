"""What a source holds: its streams, as far as the data shows."""

from __future__ import annotations

import glob
import itertools
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from waybill_common import source_files
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from waybill.infer.guess import Column
    from waybill_common.source_files import SourceFile

Row = TypeVar("Row")

SAMPLE_ROWS = 100_000
"""Of each stream."""
_TAIL = re.compile(r"[._-]*[0-9][0-9._TZ-]*$")
_NO_NAME = re.compile(r"[^a-z0-9_]+")


@dataclass
class Stream:
    """A stream of the draft.

    Attributes:
        custom: Its custom properties.
        rows: How many rows were looked at.
    """

    name: str
    columns: list[Column]
    custom: dict[str, Any] = field(default_factory=dict)
    rows: int = 0

    @property
    def grain(self) -> str:
        """What one row is."""
        keyed = [column for column in self.columns if column.key_position]
        keyed.sort(key=lambda column: column.key_position or 0)
        key = [identifier(column.name) for column in keyed]
        return (
            f"One row per {', '.join(key)}" if key else f"One row per row of {self.name} (no key)"
        )


def identifier(text: str) -> str:
    """A text as a name in SQL that needs no quotes."""
    name = _NO_NAME.sub("_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", text).lower()).strip("_")
    return f"_{name}" if name[:1].isdigit() else name or "unnamed"


def grouped(files: Iterable[SourceFile], suffixes: tuple[str, ...]) -> dict[str, list[SourceFile]]:
    """Files by what their names begin with: days, times and numbers at the end do not count."""
    groups: dict[str, list[SourceFile]] = {}
    for file in sorted(files, key=lambda each: each.name):
        base = _bare(file)
        if base.endswith(suffixes):
            stem = base.rpartition(".")[0]
            groups.setdefault(_TAIL.sub("", stem) or stem, []).append(file)
    return groups


def pattern(stem: str, group: list[SourceFile], files: Iterable[SourceFile]) -> str:
    """The glob that means a group of files, and those that are to come, and no other.

    Raises:
        WaybillError: There is none so simple.
    """
    ending = _bare(group[0]).rpartition(".")[2]
    wanted = {file.name for file in group}
    name = glob.escape(stem)
    for found in (f"{name}*.{ending}", f"{name}[.-]*{ending}", f"{name}[._-][0-9]*.{ending}"):
        if {file.name for file in files if file.matches(found)} == wanted:
            return found
    if len(group) == 1:
        return glob.escape(_bare(group[0]))
    msg = f"No simple pattern means {source_files.names_of(group)} and no other file here."
    raise WaybillError(msg, "Name one of the files, and set `files` in the contract yourself.")


def _bare(file: SourceFile) -> str:
    name = file.name.rpartition("/")[2]
    return name.removesuffix(source_files.GZIP).removesuffix(source_files.ZSTD)


def limited(rows: Iterable[Row]) -> Iterator[Row]:
    """No more rows than are looked at."""
    return itertools.islice(rows, SAMPLE_ROWS)
