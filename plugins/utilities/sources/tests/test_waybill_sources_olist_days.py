from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from waybill_common import contracts
from waybill_sources import olist, sample_folders
from waybill_sources.olist_rows import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Callable

CONTRACT = contracts.load(Path(__file__).parents[4] / "extract" / "contracts" / "olist.yml")
TRANSLATION = "product_category_name_translation"


def test_next_days_leave_the_base_files_as_they_are(tmp_path: Path) -> None:
    """Protects the increment: an unchanged file is not read again, so it must not change."""
    folder = tmp_path / "olist"
    olist.generate(folder)
    before = {file.name: file.read_bytes() for file in folder.glob("*.csv")}
    olist.next_day(folder)
    date, _ = olist.next_day(folder)
    assert {name: (folder / name).read_bytes() for name in before} == before
    added = {file.name for file in folder.glob("*.csv")} - set(before)
    assert date.isoformat() == "2018-09-05"
    assert {name[-14:] for name in added} == {"2018-09-04.csv", "2018-09-05.csv"}
    assert "olist_orders_dataset_2018-09-04.csv" in added
    assert not list(folder.glob("*.part"))


@pytest.mark.parametrize("day", [1, 2, 3, 7])
def test_each_next_day_has_new_changed_and_late_rows(
    tmp_path: Path, day: int, load: Callable[..., Any]
) -> None:
    """Protects what incremental tests and demonstrations rest on."""
    folder = tmp_path / "olist"
    olist.generate(folder, days=day - 1)
    with load(folder) as before:
        old_orders = dict(before.execute("select order_id, order_status from orders").fetchall())
        people = dict(
            before.execute(
                "select customer_unique_id, list(customer_zip_code_prefix) from customers group by all"
            ).fetchall()
        )
    date, changes = olist.next_day(folder)
    delta = tmp_path / "delta"
    delta.mkdir()
    for file in folder.glob(f"*_{date.isoformat()}.csv"):
        file.rename(delta / file.name)
    with load(delta) as new:
        orders = new.execute(
            "select order_id, order_status, order_purchase_timestamp::date from orders"
        ).fetchall()
        customers = new.execute(
            "select customer_unique_id, customer_zip_code_prefix from customers"
        ).fetchall()
        reviews = new.execute(
            "select order_id, review_answer_timestamp::date from order_reviews"
        ).fetchall()
    changed = [(order, status) for order, status, _ in orders if order in old_orders]
    assert all(old_orders[order] != status for order, status in changed)
    assert any((old_orders[order], status) == ("shipped", "delivered") for order, status in changed)
    assert sum(order not in old_orders and bought < date for order, _, bought in orders) == 2
    assert sum(order not in old_orders and bought == date for order, _, bought in orders) == 30
    assert sum(p in people and zip_code not in people[p] for p, zip_code in customers) >= 2
    assert sum(order in old_orders and answered < date for order, answered in reviews) >= 2
    assert changes["orders"] == (32, len(changed))
    assert changes["products"] == (2, 1)


def test_base_and_next_days_equal_a_full_load_of_the_last_day(
    tmp_path: Path, load: Callable[..., Any]
) -> None:
    """Protects the proof that an incremental run ends where a full one does."""
    olist.generate(tmp_path / "full", days=5)
    olist.generate(tmp_path / "incremental")
    for _ in range(5):
        olist.next_day(tmp_path / "incremental")
    with load(tmp_path / "full") as full, load(tmp_path / "incremental") as incremental:
        for stream in COLUMNS:
            query = f"select * from {stream} order by all"
            assert full.execute(query).fetchall() == incremental.execute(query).fetchall(), stream


def test_a_day_cut_short_is_written_again(tmp_path: Path, digest: Callable[..., Any]) -> None:
    """Protects against a kill between the day's files and the note that it was written."""
    folder = tmp_path / "olist"
    olist.generate(folder, orders=100)
    note = (folder / sample_folders.MANIFEST).read_bytes()
    olist.next_day(folder)
    whole, done = digest(folder), (folder / sample_folders.MANIFEST).read_bytes()
    (folder / sample_folders.MANIFEST).write_bytes(note)
    (folder / "olist_orders_dataset_2018-09-04.csv").unlink()
    (folder / "olist_customers_dataset_2018-09-04.csv.part").write_text("half a ro")
    olist.next_day(folder)
    assert digest(folder) == whole
    assert (folder / sample_folders.MANIFEST).read_bytes() == done
