"""The real Olist archive, against DuckDB's reading of the same bytes."""

from __future__ import annotations

import io
import zipfile
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from tap_csv import look
from tap_csv.reader import CsvReader
from waybill_common import contracts
from waybill_common.files.tape import Tape

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from waybill_warehouse.scratch import ScratchDatabase

    Bytes = Callable[[dict[str, Any]], bytes]

ROOT = Path(__file__).parents[4]
ARCHIVE = ROOT.parent / "shared" / "data" / "brazilian-ecommerce.zip"
CONTRACT = ROOT / "extract" / "contracts" / "olist.yml"

pytestmark = [
    pytest.mark.real_data,
    pytest.mark.skipif(not ARCHIVE.is_file(), reason=f"the real archive is not at {ARCHIVE}"),
]

FILES = {
    "customers": "olist_customers_dataset.csv",
    "geolocation": "olist_geolocation_dataset.csv",
    "order_items": "olist_order_items_dataset.csv",
    "order_payments": "olist_order_payments_dataset.csv",
    "order_reviews": "olist_order_reviews_dataset.csv",
    "orders": "olist_orders_dataset.csv",
    "product_category_name_translation": "product_category_name_translation.csv",
    "products": "olist_products_dataset.csv",
    "sellers": "olist_sellers_dataset.csv",
}


SUMS = {
    "order_items": {"price": "13591643.70", "freight_value": "2251909.54"},
    "order_payments": {"payment_value": "16008872.12"},
}


def landed(messages: list[dict[str, Any]], range_of: Bytes) -> Iterator[list[str | None]]:
    for message in messages:
        tape = Tape(io.BytesIO(b"header\n" + range_of(message)))
        for chunk in CsvReader(tape).chunks():
            if not chunk.has_quoted_empties:
                yield from ([value or None for value in row] for row in chunk.rows)
                continue
            for record in chunk.records():
                quoted = record.quoted_empties() if '""' in record.raw else ()
                yield [v or ("" if i in quoted else None) for i, v in enumerate(record.row)]


def by_stream(output: Any) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for message in output.of("BATCH"):
        found.setdefault(message["stream"], []).append(message)
    return found


def test_every_value_of_the_archive_arrives(
    run: Callable[..., Any], range_of: Bytes, tmp_path: Path
) -> None:
    # Protects all 1,550,922 rows, value by value in their order, and the sums of money, against
    # DuckDB's reading of the same files.
    output = run(ARCHIVE, CONTRACT, is_decoded=False)
    with zipfile.ZipFile(ARCHIVE) as opened:
        opened.extractall(tmp_path)
    rows = {}
    database = duckdb.connect()
    for stream, messages in by_stream(output).items():
        table = f"""
            read_csv('{tmp_path / FILES[stream]}', all_varchar = true, header = true, delim = ',',
                quote = '"', escape = '"', parallel = false, strict_mode = true)
        """
        expected = database.execute(f"from {table}")
        columns = messages[0]["encoding"]["columns"]
        assert [name for name, *_ in expected.description] == columns
        count = 0
        read = map(list, iter(expected.fetchone, None))
        for ours, theirs in zip_longest(landed(messages, range_of), read):
            assert ours == theirs, (stream, count)
            count += 1
        rows[stream] = count

        totals = {
            name: database.execute(f"select sum({name}::decimal(18, 2)) from {table}").fetchone()
            for name in SUMS.get(stream, {})
        }
        assert {name: str(total) for name, (total,) in totals.items()} == SUMS.get(stream, {})
        assert output.bookmark(stream)["read"] == {"rows": count, "totals": SUMS.get(stream, {})}
    assert rows == {
        "customers": 99_441,
        "geolocation": 1_000_163,
        "order_items": 112_650,
        "order_payments": 103_886,
        "order_reviews": 99_224,
        "orders": 99_441,
        "product_category_name_translation": 71,
        "products": 32_951,
        "sellers": 3_095,
    }
    assert sum(rows.values()) == 1_550_922

    again = run(ARCHIVE, CONTRACT, state=output.state)
    assert again.of("BATCH") == []
    assert sum(again.bookmark(stream)["source"]["rows"] for stream in rows) == 1_550_922


@pytest.mark.wide
def test_both_paths_land_the_same_rows(
    run: Callable[..., Any],
    range_of: Bytes,
    source_database: ScratchDatabase,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Protects the look: on each real file COPY reads from the bytes what the checked path reads.
    looked = by_stream(run(ARCHIVE, CONTRACT, is_decoded=False))
    monkeypatch.setattr(look, "of_file", lambda *_: None)
    checked = by_stream(run(ARCHIVE, CONTRACT, is_decoded=False))
    with source_database.connection("admin").connect(autocommit=True) as database:
        for stream in contracts.load(CONTRACT).streams:
            for table, messages in (("looked", looked), ("checked", checked)):
                columns = ", ".join(f"{each.name} {each.sql_type}" for each in stream.columns)
                database.execute(f"drop table if exists {table}")
                database.execute(f"create temp table {table} ({columns})")
                names = ", ".join(each.name for each in stream.columns)
                copy_in = f"copy {table} ({names}) from stdin (format csv)"
                for message in messages[stream.name]:
                    assert message["encoding"]["columns"] == [each.name for each in stream.columns]
                    with database.cursor() as cursor, cursor.copy(copy_in) as copy:
                        copy.write(range_of(message))
            for one, other in (("looked", "checked"), ("checked", "looked")):
                lost = f"select count(*) from (table {one} except all table {other}) as lost"
                assert database.execute(lost).fetchone() == (0,), (stream.name, one)
