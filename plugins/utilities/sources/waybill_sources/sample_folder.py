"""A folder of sample files that appears, is replaced and grows by a day only as a whole."""

from __future__ import annotations

import json
import shutil
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from waybill_common import private_files
from waybill_common.errors import WaybillError
from waybill_sources.olist import MANIFEST, Samples, check_free, manifest

if TYPE_CHECKING:
    from collections.abc import Callable

Write = dict[str, bytes]
"""Files to write, by name."""


@dataclass(frozen=True)
class SampleFolder:
    """The samples of one source.

    Attributes:
        path: Where they stand.
        source: The source's name.
        identity: What decides their rows.
        make: From an identity and a number of days that have passed, the files of the base
            (day 0) or those that a next day adds, and the rows they hold by stream.
    """

    path: Path
    source: str
    identity: dict[str, Any]
    make: Callable[[dict[str, Any], int], tuple[Write, dict[str, int]]]

    def check(self) -> Callable[[], str]:
        """Look at what stands there.

        Returns:
            What makes it ready, and says in one line what was done.

        Raises:
            WaybillError: The folder holds something else than samples.
        """
        found = manifest(self.path)
        if found is None:
            check_free(self.path)
            reason = "made"
        elif found.identity != self.identity:
            reason = "made anew, as their settings have changed"
        else:
            later = (
                f" with {found.days} next day{'s' if found.days > 1 else ''}" if found.days else ""
            )
            held = f"{sum(found.rows.values()):,} rows{later}"
            return lambda: f"samples in {self.path}, {held}, nothing to do"
        return lambda: f"samples in {self.path}, {sum(self.generate().values()):,} rows, {reason}"

    def check_samples(self) -> Samples:
        """What the samples are.

        Raises:
            WaybillError: There are none.
        """
        if found := manifest(self.path):
            return found
        msg = f"There are no samples in {self.path}."
        command = f"sources:prepare-{self.source.replace('_', '-')}"
        raise WaybillError(msg, f"Make them with `meltano invoke {command}`.")

    def generate(self, days: int = 0) -> dict[str, int]:
        """Write the base and so many next days, in place of what stands there.

        Returns:
            How many rows each stream has in the files.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        rows: dict[str, int] = {}
        with (
            private_files.locked(self._lock),
            tempfile.TemporaryDirectory(
                dir=self.path.parent, prefix=f".{self.path.name}-"
            ) as scratch,
        ):
            new = Path(scratch) / "new"
            new.mkdir()
            for day in range(days + 1):
                rows = _added(rows, self._write(new, self.identity, day))
            _write_manifest(new, Samples(self.identity, days, rows))
            if self.path.exists():
                shutil.move(self.path, Path(scratch) / "old")
            new.replace(self.path)
        return rows

    def next_day(self) -> tuple[int, dict[str, int]]:
        """Add the next day's files; a day that was cut short is written again, with the same rows.

        Returns:
            The number of the day, and its rows by stream.
        """
        self.check_samples()
        with private_files.locked(self._lock):
            found = self.check_samples()
            day = found.days + 1
            rows = self._write(self.path, found.identity, day)
            _write_manifest(self.path, Samples(found.identity, day, _added(found.rows, rows)))
        return day, rows

    @property
    def _lock(self) -> Path:
        return self.path.with_name(f".{self.path.name}.lock")

    def _write(self, folder: Path, identity: dict[str, Any], day: int) -> dict[str, int]:
        files, rows = self.make(identity, day)
        for name, content in files.items():
            part = folder / f".{name}.part"
            part.write_bytes(content)
            part.replace(folder / name)
        return rows


def _added(one: dict[str, int], other: dict[str, int]) -> dict[str, int]:
    return {name: one.get(name, 0) + other.get(name, 0) for name in one | other}


def _write_manifest(folder: Path, samples: Samples) -> None:
    part = folder / f".{MANIFEST}.part"
    part.write_text(json.dumps(asdict(samples), indent=2) + "\n", encoding="utf-8")
    part.replace(folder / MANIFEST)
