from __future__ import annotations

import datetime as dt
import gzip
import io
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from waybill_common.errors import WaybillError
from waybill_sources import cli, olist, prepare, settings, totesys
from waybill_sources.prepare import OLIST, TOTESYS
from waybill_sources.settings import Settings
from waybill_sources.totesys_rows import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Callable

    from waybill_warehouse.scratch import ScratchDatabase

DATA = Path(__file__).parents[4].parent / "shared" / "data"


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAYBILL_SAMPLES_ORDERS", "60")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The nine files in a folder of the user's own."""
    folder = tmp_path_factory.mktemp("mine") / "olist"
    olist.generate(folder, orders=30)
    (folder / olist.MANIFEST).unlink()
    return folder


def zipped(folder: Path, path: Path, *, inside: str = "") -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in folder.iterdir():
            archive.write(file, inside + file.name)
        archive.writestr("__MACOSX/._olist_orders_dataset.csv", b"\x00\x05")
    return path


def contents(database: ScratchDatabase) -> dict[str, list[tuple[Any, ...]]]:
    return {
        table: sorted(database.rows(f'select * from "{table}"'), key=lambda row: row[0])
        for table in COLUMNS
    }


def snapshot(database: ScratchDatabase, path: Path) -> Path:
    """The source's tables as a snapshot the way pandas writes one: floats for money and for keys with gaps."""
    with zipfile.ZipFile(path, "w") as archive:
        for table, columns in COLUMNS.items():
            rows = database.rows(f'select * from "{table}"')
            arrays = [_array(name, [row[at] for row in rows]) for at, name in enumerate(columns)]
            archive.writestr(f"{table}.parquet", _parquet(pa.table(arrays, columns)))
    return path


def _array(name: str, values: list[Any]) -> pa.Array:
    if any(isinstance(value, dt.datetime) for value in values):
        return pa.array(values, pa.timestamp("ns"))
    if name in {"payment_amount", "unit_price", "item_unit_price"}:
        return pa.array([float(value) for value in values], pa.float64())
    if name in {"sales_order_id", "purchase_order_id"}:
        return pa.array(
            [float("nan") if value is None else value for value in values], pa.float64()
        )
    return pa.array(values)


def _parquet(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink)
    return sink.getvalue()


def repacked(path: Path, target: Path, change: Callable[[str, bytes], bytes | None]) -> Path:
    """A copy of a zip with its members changed, or left out where the change gives None."""
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(target, "w") as copy:
        for name in source.namelist():
            if (content := change(name, source.read(name))) is not None:
                copy.writestr(name, content)
    return target


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
    found = olist.manifest(samples)
    assert found is not None
    assert (found.rows["orders"], found.days) == (70, 0)


@pytest.mark.parametrize("kind", ["folder", "zip", "zip with a folder", "glob", "gzipped"])
def test_a_users_own_files_are_checked_and_left_alone(
    waybill_home: Path, tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """Protects the ways in which the README says one's own data can be named."""
    value = {
        "folder": lambda: folder,
        "zip": lambda: zipped(folder, tmp_path / "olist.zip"),
        "zip with a folder": lambda: zipped(folder, tmp_path / "olist.zip", inside="data/"),
        "glob": lambda: folder / "*.csv",
        "gzipped": lambda: _gzipped(folder, tmp_path / "gz"),
    }[kind]()
    monkeypatch.setenv(OLIST, str(value))
    (line,) = prepare.prepare(["olist"])
    assert line.startswith(f"olist: {value}, 9 files, ")
    assert not (waybill_home / "samples").exists()


def _gzipped(folder: Path, target: Path) -> Path:
    target.mkdir()
    for file in folder.iterdir():
        (target / f"{file.name}.gz").write_bytes(gzip.compress(file.read_bytes()))
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
    "a cut zip": (_cut_zip, "no readable zip"),
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


def test_the_embedded_source_is_filled_once(
    source_database: ScratchDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Protects the appended days from a second run, and a changed setting from being ignored."""
    assert prepare.prepare(["totesys"])[0].endswith(", made")
    with source_database.connection().connect() as session:
        totesys.next_day(session)
    before = contents(source_database)
    total = sum(map(len, before.values()))
    assert prepare.prepare(["totesys"])[0].endswith(
        f", {total:,} rows with 1 next day, nothing to do"
    )
    assert contents(source_database) == before
    monkeypatch.setenv("WAYBILL_SAMPLES_SEED", "5")
    assert prepare.prepare(["totesys"])[0].endswith(", made, in place of what was there")
    assert len(source_database.rows("select * from transaction", role="reader")) == 60


def test_a_snapshot_is_loaded_exactly_and_once(
    source_database: ScratchDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Protects exact money, keys that came as floats, NaN as NULL, and the way back to the samples."""
    prepare.prepare(["totesys"])
    samples = contents(source_database)
    monkeypatch.setenv(TOTESYS, str(snapshot(source_database, tmp_path / "a.zip")))
    assert prepare.prepare(["totesys"])[0].endswith(
        f"{sum(map(len, samples.values())):,} rows, loaded"
    )
    assert contents(source_database) == samples
    oid = source_database.rows("select 'payment'::regclass::oid")
    assert prepare.prepare(["totesys"])[0].endswith("nothing to do")
    assert source_database.rows("select 'payment'::regclass::oid") == oid
    assert source_database.rows("select count(*) from transaction", role="reader") == [(60,)]
    with pytest.raises(WaybillError, match="holds no samples"), source_database.connection().connect() as session:  # fmt: skip
        totesys.next_day(session)
    monkeypatch.delenv(TOTESYS)
    assert prepare.prepare(["totesys"])[0].endswith("made, in place of what was there")
    with source_database.connection().connect() as session:
        totesys.next_day(session)


def _broken(
    name: str, content: Callable[[bytes], bytes | None]
) -> Callable[[str, bytes], bytes | None]:
    return lambda member, old: content(old) if member == f"{name}.parquet" else old


def _column(name: str, change: Callable[[pa.Table], pa.Array]) -> Callable[[bytes], bytes]:
    def changed(content: bytes) -> bytes:
        table = pq.read_table(io.BytesIO(content))
        return _parquet(table.set_column(table.schema.get_field_index(name), name, change(table)))

    return changed


BAD_SNAPSHOTS: dict[str, tuple[Callable[[str, bytes], bytes | None], str]] = {
    "no table": (_broken("design", lambda _: None), "table design is missing"),
    "no Parquet": (_broken("staff", lambda _: b"PAR1 nothing PAR1"), "table staff: staff.parquet is no readable"),
    "no column": (
        _broken("payment", lambda old: _parquet(pq.read_table(io.BytesIO(old)).drop_columns(["paid"]))),
        "table payment has no column paid",
    ),
    "a third decimal": (
        _broken("payment", _column("payment_amount", lambda t: pa.array([1.005] * t.num_rows))),
        "table payment, row 1: payment_amount 1.005 is no numeric",
    ),
    "half a key": (
        _broken("transaction", _column("sales_order_id", lambda t: pa.array([1.5] * t.num_rows))),
        "table transaction, row 1: sales_order_id 1.5 is no integer",
    ),
    "a key twice": (
        _broken("staff", _column("staff_id", lambda t: pa.array([1] * t.num_rows))),
        "Table staff: could not create unique index",
    ),
    "a NULL in a required column": (
        _broken("staff", _column("first_name", lambda t: pa.nulls(t.num_rows, pa.string()))),
        "Table staff: null value in column .first_name",
    ),
    "an orphan": (
        _broken("payment", _column("currency_id", lambda t: pa.array([99] * t.num_rows))),
        "Table payment: .*violates foreign key constraint.*currency_id.=.99.",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD_SNAPSHOTS)
def test_a_bad_snapshot_is_named_and_nothing_is_changed(
    source_database: ScratchDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    """Protects the tables that stand there from a snapshot that lacks something."""
    prepare.prepare(["totesys"])
    before = contents(source_database)
    change, message = BAD_SNAPSHOTS[case]
    good = snapshot(source_database, tmp_path / "good.zip")
    monkeypatch.setenv(TOTESYS, str(repacked(good, tmp_path / "bad.zip", change)))
    with pytest.raises(WaybillError, match=message) as caught:
        prepare.prepare(["totesys"])
    assert caught.value.cause.startswith(f"{TOTESYS}: ")
    assert "\n" not in str(caught.value)
    assert contents(source_database) == before
    monkeypatch.delenv(TOTESYS)
    assert prepare.prepare(["totesys"])[0].endswith("nothing to do")


def test_a_damaged_zip_is_found_before_anything_is_made(
    source_database: ScratchDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Protects against bytes that changed on the way: the checksums in the zip are looked at first."""
    prepare.prepare(["totesys"])
    path = snapshot(source_database, tmp_path / "a.zip")
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)
    monkeypatch.setenv(TOTESYS, str(path))
    with pytest.raises(WaybillError, match=r"is damaged|no readable zip"):
        prepare.prepare(["olist", "totesys"])
    assert not prepare.samples_folder().exists()


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("nowhere.zip", "there is no file .*nowhere.zip"),
        (__file__, "no readable zip"),
        ("mysql://user:secret@host/db", "is a URL, but none of PostgreSQL"),
        ("postgresql://user:secret@127.0.0.1:1/db", "cannot connect to user@127.0.0.1:1/db"),
    ],
)
def test_a_bad_source_is_named_without_its_password(
    source_database: ScratchDatabase, monkeypatch: pytest.MonkeyPatch, value: str, message: str
) -> None:
    """Protects the user's time and password."""
    monkeypatch.setenv(TOTESYS, value)
    with pytest.raises(WaybillError, match=message) as caught:
        prepare.prepare(["totesys"])
    assert TOTESYS in str(caught.value)
    assert "secret" not in str(caught.value)
    assert source_database.rows("select to_regclass('payment')") == [(None,)]


def test_a_source_postgres_needs_no_embedded_one(
    source_database: ScratchDatabase, waybill_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Protects users of their own source: the embedded Postgres is not looked for."""
    prepare.prepare(["totesys"])
    connection = source_database.connection("reader")
    total = sum(map(len, contents(source_database).values()))
    shutil.rmtree(waybill_home / "postgres")
    monkeypatch.setenv(TOTESYS, connection.url)
    (line,) = prepare.prepare(["totesys"])
    assert line == f"totesys: {connection.place}, about {total} rows, checked"


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("drop table staff cascade", "has no table public.staff"),
        ("alter table payment rename paid to settled", "table payment has no column paid"),
        (
            "revoke select on design from source_reader",
            "may not read public.design, column design_id",
        ),
        ("revoke usage on schema public from source_reader", "may not read public.address"),
    ],
)
def test_a_source_postgres_is_checked_as_the_role_that_reads_it(
    source_database: ScratchDatabase, monkeypatch: pytest.MonkeyPatch, statement: str, message: str
) -> None:
    """Protects the job from finding out halfway that a table or column is missing or closed."""
    prepare.prepare(["totesys"])
    source_database.execute(statement)
    monkeypatch.setenv(TOTESYS, source_database.url("reader"))
    with pytest.raises(WaybillError, match=message):
        prepare.prepare(["totesys"])


def test_tables_of_another_origin_are_left_alone(source_database: ScratchDatabase) -> None:
    """Protects what a user keeps in the embedded source database."""
    source_database.execute("create table payment as select 1 as payment_id")
    with pytest.raises(WaybillError, match="tables of another origin: payment"):
        prepare.prepare(["totesys"])
    assert source_database.rows("select * from payment") == [(1,)]


def test_without_a_server_nothing_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Protects the order of check and act: samples of one source, and none of the other, is half-done."""
    monkeypatch.setenv("WAYBILL_HOME", str(tmp_path))
    with pytest.raises(WaybillError, match="warehouse:up"):
        prepare.prepare(["olist", "totesys"])
    assert list(tmp_path.iterdir()) == []


def test_the_command_ends_in_one_line_and_exit_code_1(tmp_path: Path) -> None:
    """Protects what a person sees of a bad setting, through the installed command."""
    command = [str(Path(sys.executable).with_name("waybill-sources")), "prepare", "olist"]
    settings = {"WAYBILL_HOME": str(tmp_path), "WAYBILL_OLIST": "no/such/folder", "MELTANO_PROJECT_ROOT": str(tmp_path)}  # fmt: skip
    shutil.copytree(Path(__file__).parents[4] / "extract", tmp_path / "extract")
    done = subprocess.run(command, env=settings, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == (
        f"error: WAYBILL_OLIST: there is no {tmp_path}/no/such/folder. Set WAYBILL_OLIST to a folder or "
        "zip of the CSV files, or unset it to use samples.\n"
    )


def test_next_day_appends_to_both_samples_and_says_what(
    source_database: ScratchDatabase, capsys: pytest.CaptureFixture[str]
) -> None:
    """Protects the demonstration: one command, one table for each source."""
    cli.main(["prepare"])
    cli.main(["next-day"])
    said = capsys.readouterr().out
    assert "olist 2018-09-04" in said
    assert "totesys 2024-11-18" in said
    assert any(line.split() == ["transaction", "30", "0"] for line in said.splitlines())
    assert source_database.rows("select count(*) from transaction") == [(90,)]


def test_next_day_refuses_a_source_that_is_not_the_samples(
    source_database: ScratchDatabase,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Protects a user's own data from made-up rows, and the other source from half a day."""
    cli.main(["prepare"])
    monkeypatch.setenv(OLIST, str(folder))
    capsys.readouterr()
    with pytest.raises(SystemExit) as caught:
        cli.main(["next-day"])
    assert caught.value.code == 1
    assert (
        "WAYBILL_OLIST is set: a next day can only be appended to the samples"
        in capsys.readouterr().err
    )
    assert source_database.rows("select count(*) from transaction") == [(60,)]
    cli.main(["next-day", "totesys"])
    assert source_database.rows("select count(*) from transaction") == [(90,)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("orders: many", "orders is 'many'. Set .* to a whole number, 1 or more"),
        ("orders: 0", "orders is 0"),
        ("olist_day: {movers: -1}", "olist_day: movers is -1"),
        ("scale: 3", "unknown setting 'scale'. Use one of: olist_day, orders, seed, totesys_day"),
        ("- 1", "a mapping is expected"),
        ("a: [", "is not valid YAML"),
    ],
)
def test_bad_settings_of_the_samples_are_named(tmp_path: Path, text: str, message: str) -> None:
    """Protects whoever edits samples.yml from a traceback."""
    path = tmp_path / "samples.yml"
    path.write_text(text)
    with pytest.raises(WaybillError, match=message):
        settings.load(path)


def test_the_projects_settings_are_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    """Protects the Python API's defaults from drifting from samples.yml."""
    monkeypatch.delenv("WAYBILL_SAMPLES_ORDERS")
    assert settings.load() == Settings()


@pytest.mark.real_data
@pytest.mark.skipif(not DATA.exists(), reason=f"the real data is not at {DATA}")
def test_the_real_archives_are_taken(
    source_database: ScratchDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Protects the run on real data: all rows, exact sums, keys and references that hold."""
    monkeypatch.setenv(OLIST, str(DATA / "brazilian-ecommerce.zip"))
    monkeypatch.setenv(TOTESYS, str(DATA / "totesys-2024-11-15.zip"))
    first, second = prepare.prepare(["olist", "totesys"])
    assert first.endswith("9 files, 126.2 MB, checked")
    assert second.endswith("48,066 rows, loaded")
    assert prepare.prepare(["totesys"])[0].endswith("nothing to do")
    sums = source_database.rows(
        """
        select
            (select sum(payment_amount) from payment)::text,
            (select sum(round(units_sold * unit_price, 2)) from sales_order)::text,
            (select sum(round(item_quantity * item_unit_price, 2)) from purchase_order)::text,
            (select count(*) from payment where last_updated <> created_at),
            (select count(*) from transaction where sales_order_id is null)
        """,
        role="reader",
    )
    assert sums == [("2866262649.80", "1687031429.75", "1179231220.05", 9_648, 4_649)]
