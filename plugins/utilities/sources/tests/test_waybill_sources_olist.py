from __future__ import annotations

import csv
import hashlib
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
import pytest
from psycopg.rows import dict_row

from waybill_common import contracts
from waybill_common.errors import WaybillError
from waybill_sources import olist
from waybill_sources.olist_rows import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from waybill_warehouse.scratch import ScratchDatabase

CONTRACT = contracts.load(Path(__file__).parents[4] / "extract" / "contracts" / "olist.yml")
TRANSLATION = "product_category_name_translation"


def load(folder: Path) -> duckdb.DuckDBPyConnection:
    """The files of a folder as tables of text; a later file's row of a key replaces an earlier one."""
    database = duckdb.connect()
    for stream in CONTRACT.streams:
        names = [column.name for column in stream.columns]
        latest: dict[object, list[str | None]] = {}
        for path in sorted(folder.glob(stream.files or "")):
            with path.open(encoding="utf-8-sig", newline="") as file:
                rows = csv.reader(file)
                assert next(rows) == names
                for row in rows:
                    key = tuple(row[names.index(name)] for name in stream.key) or len(latest)
                    latest[key] = [value or None for value in row]
        columns = zip(*latest.values(), strict=True) if latest else [[] for _ in names]
        arrays = [pa.array(column, pa.string()) for column in columns]
        database.register("rows", pa.table(arrays, names))
        database.execute(f"create table {stream.name} as from rows")
    return database


def digest(folder: Path) -> str:
    """One digest of all files of a folder."""
    files = sorted(folder.glob("*.csv"))
    return hashlib.sha256(
        b"".join(file.name.encode() + file.read_bytes() for file in files)
    ).hexdigest()


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("samples") / "olist"
    olist.generate(folder)
    return folder


@pytest.fixture(scope="module")
def tables(samples: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with load(samples) as database:
        yield database


def one(database: duckdb.DuckDBPyConnection, query: str) -> Any:
    row = database.execute(query).fetchone()
    assert row is not None
    return row[0]


def test_the_same_settings_give_the_same_bytes_on_each_machine(samples: Path) -> None:
    """Protects determinism: if this digest must change, raise olist.GENERATOR with it."""
    assert olist.GENERATOR == 1
    assert digest(samples) == "c2da3fbf040ecc64763f30e831e48282827bc8869e716175d5ce33c9b7fd5f57"


def test_another_process_with_another_hash_seed_writes_the_same_bytes(
    samples: Path, tmp_path: Path
) -> None:
    """Protects against draws that depend on the process, such as the order of a set."""
    folder = tmp_path / "again"
    code = f"from pathlib import Path; from waybill_sources import olist; olist.generate(Path({str(folder)!r}))"
    subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        env={"PYTHONHASHSEED": "7"},
        cwd=Path(__file__).parent,
    )
    assert digest(folder) == digest(samples)


def test_a_larger_sample_begins_with_the_smaller_one(samples: Path, tmp_path: Path) -> None:
    """Protects the promise that another scale does not reshuffle the rows there were."""
    olist.generate(tmp_path / "larger", orders=1_300)
    for file in samples.glob("*.csv"):
        assert (tmp_path / "larger" / file.name).read_bytes().startswith(file.read_bytes()), (
            file.name
        )


def test_another_seed_gives_other_rows(samples: Path, tmp_path: Path) -> None:
    """Protects the meaning of the setting `seed`."""
    olist.generate(tmp_path / "other", seed=1, orders=20)
    mine = (samples / "olist_orders_dataset.csv").read_text().splitlines()
    others = (tmp_path / "other" / "olist_orders_dataset.csv").read_text().splitlines()
    assert mine[0] == others[0]
    assert not set(mine[1:]) & set(others[1:])


@pytest.mark.parametrize("orders", [1, 2, 7])
def test_the_smallest_samples_work_and_have_next_days(tmp_path: Path, orders: int) -> None:
    """Protects the edges of the draws that depend on the number of orders."""
    olist.generate(tmp_path / "olist", orders=orders)
    _, changes = olist.next_day(tmp_path / "olist")
    assert changes["orders"][0] == 32


def test_memory_does_not_grow_with_the_orders(tmp_path: Path) -> None:
    """Protects the flat memory that millions of orders need."""
    code = (
        "import sys, tracemalloc; from pathlib import Path; from waybill_sources import olist\n"
        "olist.generate(Path(sys.argv[1]) / 'warm', orders=10)\n"
        "tracemalloc.start(); peaks = []\n"
        "for orders in (200, 1600):\n"
        "    tracemalloc.reset_peak(); before = tracemalloc.get_traced_memory()[0]\n"
        "    olist.generate(Path(sys.argv[1]) / str(orders), orders=orders)\n"
        "    peaks.append(tracemalloc.get_traced_memory()[1] - before)\n"
        "print(*peaks)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        check=True, capture_output=True, text=True, cwd=Path(__file__).parent,
    )  # fmt: skip
    small, large = map(int, done.stdout.split())
    assert large < small + 300_000


def test_headers_are_those_of_the_contract(samples: Path) -> None:
    """Protects the names, misspelt ones too, and their order against drift from the contract."""
    assert {stream.name for stream in CONTRACT.streams} == set(COLUMNS)
    for stream in CONTRACT.streams:
        assert COLUMNS[stream.name] == tuple(column.name for column in stream.columns)
        (file,) = samples.glob(stream.files or "")
        with file.open(encoding="utf-8-sig", newline="") as text:
            assert tuple(next(csv.reader(text))) == COLUMNS[stream.name]
    assert "product_name_lenght" in COLUMNS["products"]


def test_quoting_byte_order_mark_and_line_ends_are_those_of_the_real_files(samples: Path) -> None:
    """Protects the traps in the form of the files, which a reader that splits on lines falls into."""
    translation = (samples / f"{TRANSLATION}.csv").read_bytes()
    assert translation.startswith(
        b"\xef\xbb\xbfproduct_category_name,product_category_name_english\r\n"
    )
    assert translation.count(b"\r\n") == translation.count(b"\n") == 72
    reviews = (samples / "olist_order_reviews_dataset.csv").read_bytes()
    assert reviews.count(b"\r\n") == reviews.count(b"\n") > 941
    assert b'""' in reviews
    assert b"\\" in reviews
    for name in ("customers", "orders", "order_items", "geolocation"):
        content = (samples / f"olist_{name}_dataset.csv").read_bytes()
        assert content.startswith(b'"')
        assert b"\r" not in content
    for line in (samples / "olist_orders_dataset.csv").read_text().splitlines()[1:]:
        order_id, customer_id, status, *times = line.split(",")
        for value in (order_id, customer_id):
            assert value.startswith('"') == value.strip('"')[0].isdigit()
        assert not any('"' in value for value in (status, *times))
    assert '"4o. centenario"' in (samples / "olist_geolocation_dataset.csv").read_text()


TRAPS = {
    "leading zeros of customers": "select count(*) from customers where customer_zip_code_prefix like '0%'",
    "leading zeros of sellers": "select count(*) from sellers where seller_zip_code_prefix like '0%'",
    "review_id is no key": "select count(*) - count(distinct review_id) from order_reviews",
    "exact duplicates of geolocation": "select count(*) - count(distinct geolocation) from geolocation",
    "people with several orders": "select count(*) - count(distinct customer_unique_id) from customers",
    "people with several zip code prefixes": """
        select count(*) from (
            select 1 from customers group by customer_unique_id
            having count(distinct customer_zip_code_prefix) > 1
        )""",
    "products without a category": "select count(*) from products where product_category_name is null",
    "products without a weight": "select count(*) from products where product_weight_g is null",
    "orders without items": "select count(*) from orders anti join order_items using (order_id)",
    "orders without a review": "select count(*) from orders anti join order_reviews using (order_id)",
    "orders with two reviews": "select count(*) - count(distinct order_id) from order_reviews",
    "orders of several items": "select count(*) - count(distinct order_id) from order_items",
    "orders of several payments": "select count(*) - count(distinct order_id) from order_payments",
    "payments that differ from items": """
        select count(*) from
            (select order_id, sum(price::decimal(9, 2) + freight_value::decimal(9, 2)) as due
             from order_items group by all) as items
        inner join
            (select order_id, sum(payment_value::decimal(9, 2)) as paid
             from order_payments group by all) as payments using (order_id)
        where abs(due - paid) > 0.01""",
    "handed to the carrier before they were bought": """
        select count(*) from orders
        where order_delivered_carrier_date::timestamp < order_purchase_timestamp::timestamp""",
    "late deliveries": """
        select count(*) from orders
        where order_delivered_customer_date::date > order_estimated_delivery_date::date""",
    "reviews without an answer": "select count(*) from order_reviews where review_answer_timestamp is null",
    "reviews without a creation": "select count(*) from order_reviews where review_creation_date is null",
    "line breaks in messages": r"select count(*) from order_reviews where review_comment_message like e'%\r\n%'",
    "zip code prefixes nobody observed": """
        select count(*) from customers
        where customer_zip_code_prefix not in (select geolocation_zip_code_prefix from geolocation)""",
    "cities in two spellings": """
        select count(*) from (
            select 1 from geolocation group by geolocation_zip_code_prefix
            having count(distinct geolocation_city) > 1
        )""",
}  # fmt: skip


@pytest.mark.parametrize("trap", TRAPS)
def test_the_default_sample_has_the_trap(tables: duckdb.DuckDBPyConnection, trap: str) -> None:
    """Protects each trap that shared/data/README.md lists from vanishing out of the samples."""
    assert one(tables, TRAPS[trap]) > 0


def test_rare_traps_have_their_exact_number(tables: duckdb.DuckDBPyConnection) -> None:
    """Protects the traps that stand once: the order without payment, two unknown categories."""
    assert one(tables, "select count(*) from orders anti join order_payments using (order_id)") == 1
    unknown = f"""
        select count(distinct product_category_name) from products
        anti join {TRANSLATION} using (product_category_name)"""
    assert one(tables, unknown) == 2
    assert one(tables, f"select count(*) from {TRANSLATION}") == 71


@pytest.mark.parametrize("days", [0, 4])
def test_the_rows_pass_the_contracts_critical_rules(
    tmp_path: Path, source_database: ScratchDatabase, days: int
) -> None:
    """Protects the job on samples from stopping at validate:raw, next days included."""
    olist.generate(tmp_path / "olist", days=days)
    names = {stream.name: stream.name for stream in CONTRACT.streams}
    with (
        load(tmp_path / "olist") as database,
        source_database.connection().connect(row_factory=dict_row) as session,
    ):
        for stream in CONTRACT.streams:
            columns = ", ".join(f"{column.name} {column.sql_type}" for column in stream.columns)
            session.execute(f"create table {stream.name} ({columns})")
            with session.cursor().copy(f"copy {stream.name} from stdin") as copy:
                for row in database.execute(f"select * from {stream.name}").fetchall():
                    copy.write_row(row)
        for stream in CONTRACT.streams:
            for rule in stream.rules:
                if rule.severity == "error":
                    query = rule.query.format(table=stream.name, **names)
                    rows = session.execute(query).fetchall()
                    new = [
                        row for row in rows if row.get(rule.exception_column) not in rule.exceptions
                    ]
                    assert new == [], rule.name


def test_undated_deliveries_are_known_exceptions_of_the_contract(
    tables: duckdb.DuckDBPyConnection,
) -> None:
    """Protects the trap of the rule's known exceptions: the samples hold some of them."""
    rules = {rule.name: rule for rule in CONTRACT.stream("orders").rules}
    rule = rules["delivered_orders_have_a_delivery_date"]
    rows = tables.execute(rule.query.format(table="orders")).fetchall()
    assert len(rows) == 3
    assert all(set(row) & set(rule.exceptions) for row in rows)


def test_the_rows_keep_the_contract(tables: duckdb.DuckDBPyConnection) -> None:
    """Protects keys, references, required columns, value lists and exact money in the samples."""
    for stream in CONTRACT.streams:
        if stream.key:
            key = ", ".join(stream.key)
            query = f"select count(*) - count(distinct ({key})) from {stream.name}"
            assert one(tables, query) == 0, stream.name
        for column in stream.columns:
            place = f"{stream.name}.{column.name}"
            if column.is_required:
                query = f"select count(*) from {stream.name} where {column.name} is null"
                assert one(tables, query) == 0, place
            if column.reference:
                query = f"""
                    select count(*) from {stream.name} where {column.name} not in
                    (select {column.reference.column} from {column.reference.stream})"""
                assert one(tables, query) == 0, place
            if column.accepted_values:
                found = tables.execute(f"select distinct {column.name} from {stream.name}")
                assert {value for (value,) in found.fetchall()} <= set(column.accepted_values), (
                    place
                )
            if column.is_control_total:
                query = f"""
                    select count(*) from {stream.name}
                    where not regexp_full_match({column.name}, '[0-9]+[.][0-9]{{2}}')"""
                assert one(tables, query) == 0, place


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
def test_each_next_day_has_new_changed_and_late_rows(tmp_path: Path, day: int) -> None:
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


def test_base_and_next_days_equal_a_full_load_of_the_last_day(tmp_path: Path) -> None:
    """Protects the proof that an incremental run ends where a full one does."""
    olist.generate(tmp_path / "full", days=5)
    olist.generate(tmp_path / "incremental")
    for _ in range(5):
        olist.next_day(tmp_path / "incremental")
    with load(tmp_path / "full") as full, load(tmp_path / "incremental") as incremental:
        for stream in COLUMNS:
            query = f"select * from {stream} order by all"
            assert full.execute(query).fetchall() == incremental.execute(query).fetchall(), stream


def test_a_day_cut_short_is_written_again(tmp_path: Path) -> None:
    """Protects against a kill between the day's files and the note that it was written."""
    folder = tmp_path / "olist"
    olist.generate(folder, orders=100)
    note = (folder / olist.MANIFEST).read_bytes()
    olist.next_day(folder)
    whole, done = digest(folder), (folder / olist.MANIFEST).read_bytes()
    (folder / olist.MANIFEST).write_bytes(note)
    (folder / "olist_orders_dataset_2018-09-04.csv").unlink()
    (folder / "olist_customers_dataset_2018-09-04.csv.part").write_text("half a ro")
    olist.next_day(folder)
    assert digest(folder) == whole
    assert (folder / olist.MANIFEST).read_bytes() == done


def test_a_killed_generator_leaves_no_half_sample(tmp_path: Path) -> None:
    """Protects the next run, which takes a folder with samples for whole."""
    folder = tmp_path / "olist"
    code = f"from pathlib import Path; from waybill_sources import olist; olist.generate(Path({str(folder)!r}), orders=10**6)"
    process = subprocess.Popen([sys.executable, "-c", code], cwd=Path(__file__).parent)
    while not list(tmp_path.glob(".olist-*/new/*orders*.part")):
        assert process.poll() is None
    process.kill()
    process.wait()
    assert not folder.exists()
    olist.generate(folder, orders=20)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".olist.lock", "olist"]


def test_a_folder_with_something_else_is_left_alone(tmp_path: Path) -> None:
    """Protects files of the user's from a wrong argument."""
    (tmp_path / "mine.csv").write_text("a,b\n")
    with pytest.raises(WaybillError, match="something else than samples"):
        olist.generate(tmp_path, orders=5)
    with pytest.raises(WaybillError, match="no samples"):
        olist.next_day(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.csv"]
