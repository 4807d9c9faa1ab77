"""The Olist samples: nine CSV files, and what each next day appends to them.

The state of any day is a function of the settings alone. So a next day's files are the rows that differ
from the day before, and all of day N can be written from nothing (`days=N`) with the same final rows.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from waybill_common import contracts, private_files
from waybill_common.errors import WaybillError
from waybill_sources import world
from waybill_sources.csv_files import CsvFile
from waybill_sources.lives import UNDATED
from waybill_sources.olist_rows import COLUMNS, write_catalogue, write_orders
from waybill_sources.settings import OlistDay, Settings
from waybill_sources.world import World

if TYPE_CHECKING:
    import datetime as dt

GENERATOR = 1
"""Raise it when the same settings give other rows than before: samples made earlier are made anew."""
MANIFEST = "samples.json"

_DATED = "delivered_orders_have_a_delivery_date"
_PAID = "orders_have_a_payment"
_TRANSLATION = "product_category_name_translation"


@dataclass(frozen=True)
class Samples:
    """What a folder of samples holds.

    Attributes:
        identity: What decides its rows: generator, seed, orders, sizes of a day.
        days: How many next days have been appended.
        rows: Rows of each stream, over all its files.
    """

    identity: dict[str, Any]
    days: int
    rows: dict[str, int]


def identity(settings: Settings) -> dict[str, Any]:
    """What decides the rows of the samples, as the manifest keeps it."""
    return {
        "generator": GENERATOR,
        "seed": settings.seed,
        "orders": settings.orders,
        "olist_day": asdict(settings.olist_day),
    }


def manifest(folder: Path) -> Samples | None:
    """What the samples in a folder are, or None where it holds none."""
    try:
        document = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        return Samples(document["identity"], document["days"], document["rows"])
    except (FileNotFoundError, NotADirectoryError, KeyError, TypeError, ValueError):
        return None


def check_samples(folder: Path) -> Samples:
    """What the samples in a folder are.

    Raises:
        WaybillError: There are none.
    """
    if samples := manifest(folder):
        return samples
    msg = f"There are no samples in {folder}."
    raise WaybillError(msg, "Make them with `meltano invoke sources:prepare-olist`.")


def check_free(folder: Path) -> None:
    """Check that nothing stands where samples are to go.

    Raises:
        WaybillError: A file stands there, or a folder that is not empty.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        msg = f"{folder} holds something else than samples."
        raise WaybillError(msg, "Move it away, or name another folder.")


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


def _write_manifest(folder: Path, samples: Samples) -> None:
    part = folder / f"{MANIFEST}.part"
    part.write_text(json.dumps(asdict(samples), indent=2) + "\n", encoding="utf-8")
    part.replace(folder / MANIFEST)


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
    if manifest(folder) is None:
        check_free(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with private_files.locked(_lock_of(folder)):
        prefix = f".{folder.name}-"
        for abandoned in folder.parent.glob(f"{prefix}*"):
            shutil.rmtree(abandoned, ignore_errors=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=prefix) as scratch:
            new = Path(scratch) / "new"
            samples = _write(new, chosen, days)
            if folder.exists():
                folder.replace(Path(scratch) / "old")
            new.replace(folder)
    return samples


def _lock_of(folder: Path) -> Path:
    """Beside the folder, which is replaced as a whole."""
    return folder.with_name(f".{folder.name}.lock")


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
    _write_manifest(folder, samples)
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
    with private_files.locked(_lock_of(folder)):
        samples = check_samples(folder)
        day = samples.days + 1
        world_ = _world(samples.identity)
        with ExitStack() as stack:
            files = _Files(stack, folder, day)
            write_orders(world_, range(day, day + 1), files.write)
            write_catalogue(world_, range(day, day + 1), files.write)
        appended = files.rows
        rows = {stream: samples.rows[stream] + appended.get(stream, 0) for stream in COLUMNS}
        _write_manifest(folder, Samples(samples.identity, day, rows))
    new = appended | {"orders": appended.get("customers", 0), "products": world_.day_sizes.products}
    changes = {stream: (new[stream], count - new[stream]) for stream, count in appended.items()}
    return world.date(day), changes
