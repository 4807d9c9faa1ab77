"""The Olist samples: nine CSV files, and what each next day appends to them.

The state of any day is a function of the settings alone. So a next day's files are the rows that differ
from the day before, and all of day N can be written from nothing (`days=N`) with the same final rows.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from waybill_common import contracts
from waybill_common.errors import WaybillError
from waybill_sources import sample_folders, world
from waybill_sources.csv_files import CsvFile
from waybill_sources.lives import UNDATED
from waybill_sources.olist_rows import COLUMNS, write_catalogue, write_orders
from waybill_sources.sample_folders import Samples
from waybill_sources.settings import OlistDay, Settings
from waybill_sources.world import World

if TYPE_CHECKING:
    import datetime as dt
    from pathlib import Path

GENERATOR = 1
"""Raise it when the same settings give other rows than before: samples made earlier are made anew."""
_DATED = "delivered_orders_have_a_delivery_date"
_PAID = "orders_have_a_payment"
_TRANSLATION = "product_category_name_translation"


def identity(settings: Settings) -> dict[str, Any]:
    """What decides the rows of the samples, as the manifest keeps it."""
    return {
        "generator": GENERATOR,
        "seed": settings.seed,
        "orders": settings.orders,
        "olist_day": asdict(settings.olist_day),
    }


def check_samples(folder: Path) -> Samples:
    """What the samples in a folder are.

    Raises:
        WaybillError: There are none.
    """
    return sample_folders.check_samples(folder, "meltano invoke sources:prepare-olist")


def is_whole(folder: Path, samples: Samples) -> bool:
    """Whether each file that the manifest speaks of is there."""
    return all((folder / _file_name(stream, 0)).is_file() for stream in samples.rows)


def _world(settings: dict[str, Any]) -> World:
    contract = contracts.load(contracts.contracts_folder() / "olist.yml")
    known = {rule.name: rule.exceptions for rule in contract.stream("orders").rules}
    undated, unpaid = known.get(_DATED, ()), known.get(_PAID, ())
    if len(undated) < len(UNDATED) or not unpaid:
        msg = f"olist.yml: the samples need {len(UNDATED)} exceptions of {_DATED}, and one of {_PAID}."
        raise WaybillError(msg, "List the known orders again.")
    day_sizes = OlistDay(**settings["olist_day"])
    return World(settings["seed"], settings["orders"], day_sizes, undated, unpaid[0])


def _file_name(stream: str, day: int) -> str:
    stem = stream if stream == _TRANSLATION else f"olist_{stream}_dataset"
    return f"{stem}_{world.date(day).isoformat()}.csv" if day else f"{stem}.csv"


class _Files:
    """One file for each stream that has rows."""

    def __init__(self, stack: ExitStack, folder: Path, day: int) -> None:
        self._stack, self._folder, self._day = stack, folder, day
        self.files: dict[str, CsvFile] = {}

    def open(self, stream: str) -> CsvFile:
        is_translation = stream == _TRANSLATION
        has_crlf = is_translation or stream == "order_reviews"
        file = CsvFile(
            self._folder / _file_name(stream, self._day),
            COLUMNS[stream],
            newline="\r\n" if has_crlf else "\n",
            has_byte_order_mark=is_translation,
            has_plain_header=is_translation,
        )
        self.files[stream] = self._stack.enter_context(file)
        return file

    def write(self, stream: str, line: str) -> None:
        (self.files.get(stream) or self.open(stream)).write(line)

    @property
    def rows(self) -> dict[str, int]:
        return {stream: file.rows for stream, file in self.files.items()}


def generate(
    folder: Path, settings: Settings | None = None, *, orders: int | None = None, seed: int | None = None, days: int = 0
) -> Samples:  # fmt: skip
    """Write the nine files into `folder`, which appears, or is replaced, only when they are whole.

    Args:
        folder: Where the files go; samples that stand there are replaced.
        settings: The samples' settings; their defaults if not given.
        orders: Instead of the settings' number of orders.
        seed: Instead of the settings' seed.
        days: Write the state after so many next days, each row once in its latest version.

    Returns:
        What the folder holds now.

    Raises:
        WaybillError: The folder holds something else than samples.
    """
    chosen = identity(settings or Settings())
    chosen |= {"orders": chosen["orders"] if orders is None else orders}
    chosen |= {"seed": chosen["seed"] if seed is None else seed}
    return sample_folders.replace(folder, lambda new: _write(new, chosen, days))


def _write(folder: Path, chosen: dict[str, Any], days: int) -> Samples:
    world_ = _world(chosen)
    folder.mkdir()
    with ExitStack() as stack:
        files = _Files(stack, folder, 0)
        for stream in COLUMNS:
            files.open(stream)
        write_orders(world_, range(days + 1), files.write)
        write_catalogue(world_, range(days + 1), files.write)
    samples = Samples(chosen, days, files.rows)
    sample_folders.write_manifest(folder, samples)
    return samples


def next_day(folder: Path) -> tuple[dt.date, dict[str, tuple[int, int]]]:
    """Append the next day to the samples in `folder`, as new files beside the ones that stand there.

    A day that was cut short is written again, with the same rows.

    Returns:
        The date of the day, and the new and the changed rows of each stream.

    Raises:
        WaybillError: The folder holds no samples.
    """
    check_samples(folder)
    with sample_folders.locked(folder):
        samples = check_samples(folder)
        day = samples.days + 1
        world_ = _world(samples.identity)
        with ExitStack() as stack:
            files = _Files(stack, folder, day)
            write_orders(world_, range(day, day + 1), files.write)
            write_catalogue(world_, range(day, day + 1), files.write)
        appended = files.rows
        rows = {stream: samples.rows[stream] + appended.get(stream, 0) for stream in COLUMNS}
        sample_folders.write_manifest(folder, Samples(samples.identity, day, rows))
    new = appended | {"orders": appended.get("customers", 0), "products": world_.day_sizes.products}
    changes = {stream: (new[stream], count - new[stream]) for stream, count in appended.items()}
    return world.date(day), changes
