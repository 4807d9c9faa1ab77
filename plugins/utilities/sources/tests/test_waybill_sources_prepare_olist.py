from __future__ import annotations

import gzip
import shutil
import zipfile
from typing import TYPE_CHECKING

import pytest
from backports import zstd

from waybill_common.errors import WaybillError
from waybill_sources import olist, prepare, sample_folders
from waybill_sources.prepare import OLIST

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from waybill_warehouse.scratch import ScratchDatabase


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAYBILL_SAMPLES_ORDERS", "60")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The nine files in a folder of the user's own."""
    folder = tmp_path_factory.mktemp("mine") / "olist"
    olist.generate(folder, orders=30)
    (folder / sample_folders.MANIFEST).unlink()
    return folder


def zipped(folder: Path, path: Path, *, inside: str = "") -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in folder.iterdir():
            archive.write(file, inside + file.name)
        archive.writestr("__MACOSX/._olist_orders_dataset.csv", b"\x00\x05")
    return path


def test_samples_are_made_once_and_again_when_their_settings_change(
    waybill_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Protects a job's second run from new files, and a changed setting from being ignored."""
    samples = waybill_home / "samples" / "olist"
    (first,) = prepare.prepare(["olist"])
    assert first.startswith(f"olist: samples in {samples}, ")
    assert first.endswith(" rows, made")
    before = {file: file.stat().st_mtime_ns for file in samples.iterdir()}
    assert prepare.prepare(["olist"])[0].endswith("nothing to do")
    assert {file: file.stat().st_mtime_ns for file in samples.iterdir()} == before
    olist.next_day(samples)
    assert "with 1 next day, nothing to do" in prepare.prepare(["olist"])[0]
    (samples / "olist_sellers_dataset.csv").unlink()
    assert "as files were missing" in prepare.prepare(["olist"])[0]
    monkeypatch.setenv("WAYBILL_SAMPLES_ORDERS", "70")
    assert "as their settings have changed" in prepare.prepare(["olist"])[0]
    found = sample_folders.manifest(samples)
    assert found is not None
    assert (found.rows["orders"], found.days) == (70, 0)


@pytest.mark.parametrize(
    "kind", ["folder", "zip", "zip with a folder", "glob", "gzipped", "zstandard"]
)
def test_a_users_own_files_are_checked_and_left_alone(
    waybill_home: Path, tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """Protects the ways in which the README says one's own data can be named."""
    value = {
        "folder": lambda: folder,
        "zip": lambda: zipped(folder, tmp_path / "olist.zip"),
        "zip with a folder": lambda: zipped(folder, tmp_path / "olist.zip", inside="data/"),
        "glob": lambda: folder / "*.csv",
        "gzipped": lambda: _packed(folder, tmp_path / "gz", gzip.compress),
        "zstandard": lambda: _packed(folder, tmp_path / "zst", zstd.compress),
    }[kind]()
    (folder / "notes.json").write_text("{}")
    monkeypatch.setenv(OLIST, str(value))
    (line,) = prepare.prepare(["olist"])
    assert line.startswith(f"olist: {value}, 9 files, ")
    assert not (waybill_home / "samples").exists()


def _packed(folder: Path, target: Path, compress: Callable[[bytes], bytes]) -> Path:
    target.mkdir()
    for file in folder.iterdir():
        (target / f"{file.name}.{target.name}").write_bytes(compress(file.read_bytes()))
    return target


@pytest.mark.parametrize("value", ["s3://bucket/olist", "gs://b/x.zip", "https://host/a.zip?k=secret", "kaggle:olistbr/brazilian-ecommerce"])  # fmt: skip
def test_places_the_tap_reads_are_taken_by_their_form(
    waybill_home: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    """Protects remote sources from a local check, and a signed URL from being printed."""
    monkeypatch.setenv(OLIST, value)
    (line,) = prepare.prepare(["olist"])
    assert line.endswith("read by the tap")
    assert "secret" not in line
    assert not waybill_home.joinpath("samples").exists()


def _without(folder: Path, tmp_path: Path, name: str) -> Path:
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    (copy / name).unlink()
    return copy


def _without_column(folder: Path, tmp_path: Path) -> Path:
    copy = _without(folder, tmp_path, "olist_orders_dataset.csv")
    (copy / "olist_orders_dataset.csv").write_text('"order_id","customer_id"\n')
    return copy


def _cut_zip(folder: Path, tmp_path: Path) -> Path:
    path = zipped(folder, tmp_path / "cut.zip")
    path.write_bytes(path.read_bytes()[:-40])
    return path


BAD_PLACES: dict[str, tuple[Callable[[Path, Path], object], str]] = {
    "no such folder": (lambda _, tmp: tmp / "none", "there is no .*/none"),
    "a file missing": (
        lambda folder, tmp: _without(folder, tmp, "olist_sellers_dataset.csv"),
        r"has no file olist_sellers_dataset\*\.csv",
    ),
    "a column missing": (_without_column, "olist_orders_dataset.csv has no column order_status"),
    "a cut zip": (_cut_zip, "is not a readable zip"),
    "a file of something else": (lambda *_: __file__, "none of the files"),
    "another database": (lambda *_: "postgresql://u:secret@h/d", "postgresql:// is no place"),
    "an empty address": (lambda *_: "s3://", "s3:// is no place of CSV files, or nothing follows"),
    "half a data set": (lambda *_: "kaggle:olistbr", "names no data set"),
}


@pytest.mark.parametrize("case", BAD_PLACES)
def test_a_bad_place_is_named_and_nothing_is_half_done(
    source_database: ScratchDatabase,
    tmp_path: Path,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    case: str,
) -> None:
    """Protects the user's time, and the other source from being filled before the error."""
    place, message = BAD_PLACES[case]
    monkeypatch.setenv(OLIST, str(place(folder, tmp_path)))
    with pytest.raises(WaybillError, match=message) as caught:
        prepare.prepare(["totesys", "olist"])
    assert caught.value.cause.startswith(OLIST)
    assert caught.value.remedy
    assert "secret" not in str(caught.value)
    assert source_database.rows("select to_regclass('payment')") == [(None,)]
