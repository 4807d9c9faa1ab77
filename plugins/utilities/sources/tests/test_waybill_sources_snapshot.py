from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from waybill_common.errors import WaybillError
from waybill_sources import prepare, totesys
from waybill_sources.prepare import OLIST, TOTESYS

if TYPE_CHECKING:
    from collections.abc import Callable

    from waybill_warehouse.scratch import ScratchDatabase

DATA = Path(__file__).parents[4].parent / "shared" / "data"


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAYBILL_SAMPLES_ORDERS", "60")


def repacked(path: Path, target: Path, change: Callable[[str, bytes], bytes | None]) -> Path:
    """A copy of a zip with its members changed, or left out where the change gives None."""
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(target, "w") as copy:
        for name in source.namelist():
            if (content := change(name, source.read(name))) is not None:
                copy.writestr(name, content)
    return target


def test_a_snapshot_is_loaded_exactly_and_once(
    source_database: ScratchDatabase,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    contents: Callable[..., Any],
    snapshot: Callable[..., Any],
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


def _parquet(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink)
    return sink.getvalue()


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
def test_a_bad_snapshot_is_named_and_nothing_is_changed(  # noqa: PLR0917 - fixtures are arguments
    source_database: ScratchDatabase,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    case: str,
    contents: Callable[..., Any],
    snapshot: Callable[..., Any],
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
    source_database: ScratchDatabase,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    snapshot: Callable[..., Any],
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
