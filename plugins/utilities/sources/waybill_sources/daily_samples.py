"""A folder of sample files that appears, is replaced and grows by a day only as a whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from waybill_sources import sample_folders
from waybill_sources.sample_folders import Samples

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Write = dict[str, bytes]
"""Files to write, by name."""


@dataclass(frozen=True)
class DailySamples:
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
        found = sample_folders.manifest(self.path)
        if found is None:
            sample_folders.check_free(self.path)
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
        command = f"sources:prepare-{self.source.replace('_', '-')}"
        return sample_folders.check_samples(self.path, f"meltano invoke {command}")

    def generate(self, days: int = 0) -> dict[str, int]:
        """Write the base and so many next days, in place of what stands there.

        Returns:
            How many rows each stream has in the files.
        """

        def write(folder: Path) -> Samples:
            folder.mkdir()
            rows: dict[str, int] = {}
            for day in range(days + 1):
                rows = _added(rows, self._write(folder, self.identity, day))
            samples = Samples(self.identity, days, rows)
            sample_folders.write_manifest(folder, samples)
            return samples

        return sample_folders.replace(self.path, write).rows

    def next_day(self) -> tuple[int, dict[str, int]]:
        """Add the next day's files; a day that was cut short is written again, with the same rows.

        Returns:
            The number of the day, and its rows by stream.
        """
        self.check_samples()
        with sample_folders.locked(self.path):
            found = self.check_samples()
            day = found.days + 1
            rows = self._write(self.path, found.identity, day)
            sample_folders.write_manifest(
                self.path, Samples(found.identity, day, _added(found.rows, rows))
            )
        return day, rows

    def _write(self, folder: Path, identity: dict[str, Any], day: int) -> dict[str, int]:
        files, rows = self.make(identity, day)
        for name, content in files.items():
            part = folder / f".{name}.part"
            part.write_bytes(content)
            part.replace(folder / name)
        return rows


def _added(one: dict[str, int], other: dict[str, int]) -> dict[str, int]:
    return {name: one.get(name, 0) + other.get(name, 0) for name in one | other}
