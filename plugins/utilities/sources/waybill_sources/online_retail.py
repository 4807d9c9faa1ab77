"""The Online Retail samples: one CSV file per day of business, late and corrected ones among them.

The files of any day are a function of the settings alone, so that all of day N can be written from
nothing (`days=N`), byte for byte as the next days have left them.
"""

from __future__ import annotations

import datetime as dt
import os
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from waybill_sources import online_retail_rows, sample_folders
from waybill_sources.sample_folders import Samples
from waybill_sources.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

GENERATOR = 1
"""Raise it when the same settings give other rows than before: samples made earlier are made anew."""
STREAM = "invoice_lines"
FIRST_DATE = dt.date(2011, 10, 24)
SATURDAY = 6
"""In ISO's numbers; the shop is closed."""
_LATE = 3
"""The base files lack this day of business, counted from the last one."""


def identity(settings: Settings) -> dict[str, Any]:
    """What decides the rows of the samples, as the manifest keeps it."""
    return {"generator": GENERATOR, "seed": settings.seed, **asdict(settings.online_retail)}


def is_whole(folder: Path, samples: Samples) -> bool:
    """Whether each file that the manifest speaks of is there."""
    return all((folder / _name(day)).is_file() for day in _versions(samples.identity, samples.days))


def date(day: int) -> dt.date:
    """The date of a day of business."""
    found = FIRST_DATE
    for _ in range(day):
        found += dt.timedelta(days=2 if found.isoweekday() == SATURDAY - 1 else 1)
    return found


def generate(folder: Path, settings: Settings | None = None, *, days: int = 0) -> Samples:
    """Write the files into `folder`, which appears, or is replaced, only when they are whole.

    Args:
        folder: Where the files go; samples that stand there are replaced.
        settings: The samples' settings; their defaults if not given.
        days: Write the state after so many next days.

    Raises:
        WaybillError: The folder holds something else than samples.
    """
    chosen = identity(settings or Settings())

    def write(new: Path) -> Samples:
        new.mkdir()
        rows = {
            day: _write(new, chosen, day, version)
            for day, version in _versions(chosen, days).items()
        }
        samples = Samples(chosen, days, {STREAM: sum(rows.values())})
        sample_folders.write_manifest(new, samples)
        return samples

    return sample_folders.replace(folder, write)


def check_samples(folder: Path) -> Samples:
    """What the samples in a folder are.

    Raises:
        WaybillError: There are none.
    """
    return sample_folders.check_samples(folder, "meltano invoke sources:prepare-online-retail")


def next_day(folder: Path) -> tuple[dt.date, dict[str, tuple[int, int]]]:
    """Let the next day come to the samples in `folder`: new files, a late one, a corrected one.

    A day that was cut short is written again, with the same rows.

    Returns:
        The date of the day; the lines of its new files, and of those that replace another.

    Raises:
        WaybillError: The folder holds no samples.
    """
    check_samples(folder)
    with sample_folders.locked(folder):
        samples = check_samples(folder)
        chosen, number = samples.identity, samples.days + 1
        before, after = _versions(chosen, number - 1), _versions(chosen, number)
        rows, new, changed = samples.rows[STREAM], 0, 0
        for day, version in after.items():
            if before.get(day) == version:
                continue
            count = _write(folder, chosen, day, version)
            if day in before:
                changed += count
                rows -= len(_lines(chosen, day, before[day]))
            else:
                new += count
            rows += count
        sample_folders.write_manifest(folder, Samples(chosen, number, {STREAM: rows}))
    return date(chosen["days"] - 1 + number), {STREAM: (new, changed)}


def _versions(chosen: dict[str, Any], number: int) -> dict[int, int]:
    """The days of business whose files are there after `number` next days, with the version of each.

    Of the days from the last base file on, each third is late by one, and the others are corrected
    the day after they came.
    """
    base = chosen["days"]
    versions = {}
    for day in range(base + number):
        place = day - base + 1
        is_third = place % 3 == 2  # noqa: PLR2004 - counted from 0
        is_late = day == base - _LATE or (place > 0 and is_third)
        arrives = max(place, 0) + int(is_late)
        if arrives <= number:
            versions[day] = int(place >= 0 and not is_third and arrives < number)
    return versions


def _name(day: int) -> str:
    return f"{date(day).isoformat()}.csv"


def _lines(chosen: dict[str, Any], day: int, version: int) -> list[online_retail_rows.Line]:
    sent = online_retail_rows.lines(chosen["seed"], day, date(day), chosen["invoices"])
    return online_retail_rows.corrected(sent) if version else sent


def _write(folder: Path, chosen: dict[str, Any], day: int, version: int) -> int:
    written = _lines(chosen, day, version)
    path = folder / _name(day)
    part = path.with_name(f"{path.name}.part")
    with part.open("w", encoding="utf-8", newline="") as file:
        file.write(online_retail_rows.texts(written))
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    return len(written)
